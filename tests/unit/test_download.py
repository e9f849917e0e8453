"""Data sets are fetched once, checked always, and whole or not at all."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import OpenerDirector

import pytest

from penstock.catalog import datasets
from penstock.catalog.datasets import Dataset
from penstock.datasets import DatasetError, download
from penstock.datasets.telling import Progress

CONTENTS = {"LICENSE.txt": b"free", "data/a.csv": b"timestamp,value\n", "data/b.csv": b"x" * 9999}


class Server(ThreadingHTTPServer):
    """Serves CONTENTS, and remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.contents = dict(CONTENTS)
        self.asked: list[str] = []
        self.cut_off = self.halting = False
        self.ended = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def end(self) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        path = self.path[1:]
        server.asked.append(path)
        if path not in server.contents:
            self.send_error(404)
            return
        content = server.contents[path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:2] if server.cut_off or server.halting else content)
        if server.halting:
            server.ended.wait(10)

    def log_message(self, *_: object) -> None:
        """Not into the tests' output."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    describe(monkeypatch, f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    yield server
    server.end()


def describe(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """The catalog says that CONTENTS are at this address."""
    files = {
        path: {"url": f"{address}/{path}", "sha256": hashlib.sha256(content).hexdigest()}
        for path, content in CONTENTS.items()
    }
    facts = {"title": "Test Set", "licence": "MIT", "source": ["s"], "date": "d", "files": files}
    monkeypatch.setattr(datasets, "dataset", {"test": Dataset.model_validate(facts)}.__getitem__)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def refused() -> str:
    with pytest.raises(DatasetError) as error:
        download("test")
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_was_fetched_once_needs_no_server(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = download("test")
    assert folder == tmp_path / "penstock" / "test"
    assert files_in(folder) == CONTENTS
    assert capsys.readouterr().err == "".join(
        f"penstock: downloading the Test Set to {folder}, files: {n} of 3\n" for n in (0, 3)
    )
    server.end()
    assert download("test") == folder
    assert capsys.readouterr().err == ""


def test_a_damaged_file_is_fetched_again_and_only_that(server: Server) -> None:
    folder = download("test")
    server.asked.clear()
    (folder / "data" / "a.csv").write_bytes(b"timestamp,valve\n")
    assert files_in(download("test")) == CONTENTS
    assert server.asked == ["data/a.csv"]


def test_contents_that_were_not_pinned_are_not_kept(server: Server) -> None:
    server.contents["data/a.csv"] = b"<html>log in to this network</html>"
    assert "data/a.csv answers something else than the file that was pinned" in refused()


def test_a_file_that_is_gone_is_named(server: Server, tmp_path: Path) -> None:
    del server.contents["data/b.csv"]
    assert "/data/b.csv answers 404 Not Found" in refused()
    assert sorted(files_in(tmp_path / "penstock" / "test")) == ["LICENSE.txt", "data/a.csv"]


def test_an_answer_that_breaks_off_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.cut_off = True
    assert "IncompleteRead" in refused()
    assert files_in(tmp_path) == {}


def test_without_a_server_it_says_so(server: Server) -> None:
    server.end()
    assert "cannot be downloaded: 127.0.0.1:" in refused()
    assert "Connection refused" in refused()


def test_an_answer_that_comes_to_a_halt_is_given_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penstock.datasets.cache.TIMEOUT_SECONDS", 0.2)
    server.halting = True
    assert f"127.0.0.1:{server.server_port} does not answer in 0.2 s" in refused()


def test_a_name_that_is_looked_up_for_ever_is_given_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penstock.datasets.cache.TIMEOUT_SECONDS", 0.1)
    never = threading.Event()
    monkeypatch.setattr(OpenerDirector, "open", lambda *_, **__: never.wait(10))
    began = time.monotonic()
    assert f"127.0.0.1:{server.server_port} does not answer in 0.1 s" in refused()
    assert time.monotonic() - began < 5
    never.set()


def test_a_cache_that_cannot_be_written_is_told(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert "cannot be kept in a cache" in refused()


@pytest.mark.parametrize("given", ["", "relative"])
def test_the_cache_is_below_home_by_default(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", given)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert download("test") == tmp_path / "home" / ".cache" / "penstock" / "test"


def test_on_a_terminal_one_line_counts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Progress("fetching", of=2) as progress:
        progress.at(1)
        progress.at(2)
    told = "".join(f"\rpenstock: fetching: {n} of 2" for n in (0, 1, 2))
    assert capsys.readouterr().err == told + "\n"
