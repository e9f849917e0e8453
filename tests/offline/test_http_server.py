"""The server's connections: they stay open, and each request begins where the last one ended."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator

import pytest

from penstock.localcloud.server import MotoServer

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("server")]

SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=local/20261122/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0"
}


@pytest.fixture
def server() -> Iterator[MotoServer]:
    server = MotoServer(account_id="123456789012")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def connection(server: MotoServer) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(server.endpoint_url.removeprefix("http://"), timeout=20)
    yield connection
    connection.close()


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes = b"", **named: str
) -> tuple[int, bytes, socket.socket]:
    connection.request(method, path, body, {**SIGNED, **named})
    answer = connection.getresponse()
    read = answer.read()
    assert connection.sock is not None, "the server closed the connection"
    return answer.status, read, connection.sock


def test_many_requests_on_one_connection(connection: http.client.HTTPConnection) -> None:
    status, _, first = ask(connection, "PUT", "/bucket")
    assert status == 200
    for number in range(3):
        body = bytes([number]) * 100_000
        assert ask(connection, "PUT", "/bucket/key", body)[0] == 200
        assert ask(connection, "GET", "/bucket/key")[1] == body
    assert ask(connection, "GET", "/bucket/key")[2] is first


def test_a_refused_body_is_not_taken_for_the_next_request(
    connection: http.client.HTTPConnection,
) -> None:
    body = b"GET /nobody HTTP/1.1\r\n\r\n" * 10_000
    assert ask(connection, "PUT", "/no-such-bucket/key", body)[0] == 404
    assert ask(connection, "PUT", "/bucket")[0] == 200


def test_a_body_in_chunks(connection: http.client.HTTPConnection) -> None:
    ask(connection, "PUT", "/bucket")
    connection.request(
        "PUT", "/bucket/key", iter([b"one", b"two" * 50_000]), SIGNED, encode_chunked=True
    )
    assert connection.getresponse().read() == b""
    assert ask(connection, "GET", "/bucket/key")[1] == b"one" + b"two" * 50_000


def test_answers_without_a_body(connection: http.client.HTTPConnection) -> None:
    ask(connection, "PUT", "/bucket")
    ask(connection, "PUT", "/bucket/key", b"four")
    connection.request("HEAD", "/bucket/key", headers=SIGNED)
    answer = connection.getresponse()
    assert (answer.read(), answer.headers["Content-Length"]) == (b"", "4")
    assert ask(connection, "DELETE", "/bucket/key")[:2] == (204, b"")
    assert ask(connection, "GET", "/bucket/key")[0] == 404


def test_a_client_that_waits_before_it_sends(server: MotoServer) -> None:
    host, port = server.endpoint_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as client:
        signed = "".join(f"{name}: {value}\r\n" for name, value in SIGNED.items())
        client.sendall(
            f"PUT /bucket HTTP/1.1\r\nHost: {host}\r\n{signed}Content-Length: 0\r\n"
            "Expect: 100-continue\r\n\r\n".encode()
        )
        file = client.makefile("rb")
        assert file.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert file.readline() == b"\r\n"
        assert file.readline() == b"HTTP/1.1 200 OK\r\n"


def test_a_stopped_server_closes_what_is_open() -> None:
    server = MotoServer(account_id="123456789012")
    server.start()
    host, port = server.endpoint_url.removeprefix("http://").split(":")
    before = threading.active_count()
    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(b"GET /moto-api/ HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"
        assert threading.active_count() > before
        server.stop()
        while client.recv(1 << 16):
            continue  # the rest of the answer, then the end
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=20)
