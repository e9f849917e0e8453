"""Serves files as S3 objects over loopback, ranges too, from page cache and at a set speed.

.venv/bin/python -m benchmarks.range_server FOLDER MB_PER_SECOND   (0 is no limit)

A folder in FOLDER is a bucket. It says its port on standard output, and ends with its input.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import boto3
from botocore.config import Config

from benchmarks.pace import Pace

PIECE_BYTES = 256 << 10
_LISTING = """<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{bucket}</Name>
<KeyCount>{count}</KeyCount><IsTruncated>false</IsTruncated>{objects}</ListBucketResult>"""
_OBJECT = "<Contents><Key>{key}</Key><Size>{size}</Size></Contents>"


class Objects(BaseHTTPRequestHandler):
    """ListObjectsV2 (in one page), HeadObject and GetObject, as boto3 asks for them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, root: Path, pace: Pace, *rest: Any) -> None:
        self._root = root
        self._pace = pace
        super().__init__(*rest)

    def do_HEAD(self) -> None:
        """HeadObject."""
        self._object(with_content=False)

    def do_GET(self) -> None:
        """GetObject, or ListObjectsV2 of a bucket."""
        url = urlsplit(self.path)
        if "list-type" in parse_qs(url.query):
            self._list(url.path.strip("/"), parse_qs(url.query).get("prefix", [""])[0])
        else:
            self._object(with_content=True)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a line for each range would be measured as well."""

    def _list(self, bucket: str, prefix: str) -> None:
        folder = self._root / bucket
        files = {
            str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()
        }
        found = [
            _OBJECT.format(key=escape(key), size=files[key].stat().st_size)
            for key in sorted(files)
            if key.startswith(prefix)
        ]
        body = _LISTING.format(bucket=bucket, count=len(found), objects="".join(found)).encode()
        self._head(HTTPStatus.OK, len(body), {})
        self.wfile.write(body)

    def _object(self, *, with_content: bool) -> None:
        path = self._root / unquote(urlsplit(self.path).path).strip("/")
        if not path.is_file():
            self._head(HTTPStatus.NOT_FOUND, 0, {})
            return
        size = path.stat().st_size
        first, end, status, more = 0, size, HTTPStatus.OK, {"ETag": f'"{path.name}"'}
        if match := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            first, end = int(match[1]), min(int(match[2] or size) + 1, size)
            if first >= size:
                self._head(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, 0, {})
                return
            status = HTTPStatus.PARTIAL_CONTENT
            more["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
        self._head(status, end - first, more)
        if with_content:
            self._send(path, first, end)

    def _send(self, path: Path, first: int, end: int) -> None:
        self.wfile.flush()
        with path.open("rb", buffering=0) as file:
            while first < end:
                count = min(PIECE_BYTES, end - first)
                self._pace.take(count)
                try:
                    first += os.sendfile(self.connection.fileno(), file.fileno(), first, count)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # whoever asked has read enough
                    return

    def _head(self, status: HTTPStatus, length: int, more: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(length), **more}.items():
            self.send_header(name, value)
        self.end_headers()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever has read enough closes the connection; the rest is worth a traceback."""
        if not isinstance(sys.exception(), ConnectionResetError):
            super().handle_error(request, client_address)


@contextmanager
def serving(root: Path, mb_per_second: float) -> Iterator[Any]:
    """An S3 client of a server process for this folder, at this speed."""
    command = [sys.executable, "-m", "benchmarks.range_server", str(root), str(mb_per_second)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the server's process has no pipes")
        try:
            yield boto3.client(
                "s3",
                endpoint_url=f"http://127.0.0.1:{int(process.stdout.readline())}",
                region_name="eu-central-1",
                aws_access_key_id="nobody",
                aws_secret_access_key="nothing",  # noqa: S106 - the server asks for none
                config=Config(s3={"addressing_style": "path"}),
            )
        finally:
            process.stdin.close()


def main() -> None:
    """Serve until standard input ends."""
    handler = partial(Objects, Path(sys.argv[1]), Pace(float(sys.argv[2])))
    server = _Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
