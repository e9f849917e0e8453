"""Keep-alive connections to one container: an invocation does not open a new one."""

from __future__ import annotations

import http.client
import select
import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Response:
    """What a container answered; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connections:
    """A pool of HTTP/1.1 connections to a loopback port; thread safe."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._closed = False

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        timeout_seconds: float,
    ) -> Response:
        """One exchange; TimeoutError, OSError or http.client.HTTPException when it fails.

        A request is never sent twice: a container may have acted on it.
        """
        connection = self._take() or http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=timeout_seconds
        )
        try:
            return self._exchange(connection, method, path, body, headers, timeout_seconds)
        except (OSError, http.client.HTTPException):
            connection.close()
            raise

    def close(self) -> None:
        """Close what is idle; what is in use closes when it comes back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        timeout_seconds: float,
    ) -> Response:
        if connection.sock is not None:
            connection.sock.settimeout(timeout_seconds)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        response = Response(
            answer.status,
            {name.lower(): value for name, value in answer.getheaders()},
            answer.read(),
        )
        self._give_back(connection)
        return response

    def _take(self) -> http.client.HTTPConnection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            # an idle connection with something to read has been closed by the container
            if connection.sock is not None and not select.select([connection.sock], [], [], 0)[0]:
                return connection
            connection.close()

    def _give_back(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()
