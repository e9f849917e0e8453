"""The model server around a user's program: its workers, their deaths, and what it refuses.

The program needs no PyTorch, so this very interpreter stands for the framework's environment.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from penstock.localcloud.engines.script_mode import serve_workers
from penstock.localcloud.engines.script_mode.serve import Server
from penstock.localcloud.engines.script_mode.serve_workers import (
    LoadError,
    Workers,
    count_asked_for,
)

pytestmark = pytest.mark.offline

# does what its request says: answers, dies, waits until a file is there
PROGRAM = """
import os, pathlib, time
def model_fn(model_dir):
    print("loads")
    return os.getpid()
def transform_fn(model, body, content_type, accept):
    word, _, rest = bytes(body).decode().partition(" ")
    if word == "die":
        os._exit(3)
    if word == "meet":
        mine, other = rest.split()
        pathlib.Path(mine).touch()
        while not os.path.exists(other):
            time.sleep(0.01)
    if word == "fail":
        raise KeyError(rest)
    return f"{model} {rest}"
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "inference.py").write_text(PROGRAM)
    return folder


@contextmanager
def serving(model: Path, workers: int = 1, request_bytes: int = 1000) -> Iterator[Server]:
    pool = Workers(Path(sys.executable), model, workers)
    server = Server(0, pool, request_bytes)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        pool.stop()


def ask(server: Server, body: str, method: str = "POST") -> tuple[int, str]:
    """Status and body; GET is a ping."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    connection.request(method, "/invocations" if method == "POST" else "/ping", body or None)
    answer = connection.getresponse()
    try:
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_worker_that_dies_costs_its_own_request_alone(model: Path) -> None:
    with serving(model) as server:
        status, first = ask(server, "say hello")
        assert (status, first.split()[1]) == (200, "hello")
        status, answer = ask(server, "die now")
        assert (status, json.loads(answer)["message"]) == (500, "Worker died.")
        status, second = ask(server, "say again")
        assert (status, second.split()[1]) == (200, "again")
        assert first.split()[0] != second.split()[0]


def test_several_workers_answer_at_a_time_and_one_does_not(model: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    with serving(model, workers=2) as server, ThreadPoolExecutor(2) as pool:
        # each waits for the other
        answers = list(pool.map(lambda body: ask(server, body), pair(one, other)))
        assert [status for status, _ in answers] == [200, 200]
        assert len({text.split()[0] for _, text in answers}) == 2
    one.unlink()
    other.unlink()
    with serving(model) as server, ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(ask, server, body) for body in pair(one, other)]
        while not (one.exists() or other.exists()):
            time.sleep(0.01)
        # the program is busy, its server is not
        assert json.loads(ask(server, "", "GET")[1]) == {"status": "Healthy"}
        assert not (one.exists() and other.exists())
        one.touch()
        other.touch()
        assert [future.result()[0] for future in waiting] == [200, 200]


def pair(one: Path, other: Path) -> list[str]:
    return [f"meet {one} {other}", f"meet {other} {one}"]


def test_more_requests_than_the_queue_holds_are_refused(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve_workers, "QUEUE_REQUESTS", 1)
    began, end = tmp_path / "began", tmp_path / "end"
    with serving(model) as server, ThreadPoolExecutor(4) as pool:
        first = pool.submit(ask, server, f"meet {began} {end}")
        while not began.exists():
            time.sleep(0.01)
        others = [pool.submit(ask, server, "say x") for _ in range(3)]
        while sum(future.done() for future in others) < 2:
            time.sleep(0.01)
        end.touch()
        assert first.result()[0] == 200
        assert sorted(future.result()[0] for future in others) == [200, 503, 503]
        assert ask(server, "say x")[0] == 200


def test_what_a_program_raises_is_the_callers_error(model: Path) -> None:
    with serving(model) as server:
        status, answer = ask(server, "fail badly")
        assert status == 400
        assert json.loads(answer) == {
            "code": 400,
            "type": "InternalServerException",
            "message": "'badly'",
        }


def test_a_request_that_is_too_large_is_refused(model: Path) -> None:
    with serving(model, request_bytes=100) as server:
        assert ask(server, "say " + "x" * 96)[0] == 200
        status, answer = ask(server, "say " + "x" * 97)
        assert status == 413
        assert "has 101 bytes, the model server takes 100" in json.loads(answer)["message"]


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("import penstock", "ModuleNotFoundError: No module named 'penstock'"),
        ("import serve_worker", "ModuleNotFoundError: No module named 'serve_worker'"),
        ("import os; os._exit(7)", "the worker ended with exit code 7"),
    ],
)
def test_a_model_that_cannot_be_loaded_says_why(
    model: Path, program: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    # without this environment's own packages, of which the project is one
    python = model.parent / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    (model / "code" / "inference.py").write_text(program)
    with pytest.raises(LoadError, match=words):
        Workers(python, model, 1)


@pytest.mark.parametrize("asked", ["0", "two", "-1"])
def test_a_wrong_number_of_workers_is_refused(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "SAGEMAKER_MODEL_SERVER_WORKERS", asked)
    with pytest.raises(LoadError, match=f"SAGEMAKER_MODEL_SERVER_WORKERS is '{asked}'"):
        count_asked_for()
