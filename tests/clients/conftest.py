"""One `penstock up digits` for all clients, which have an environment of their own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.terminal import ENVIRONMENT, Terminal
from tests.runs.conftest import project
from tests.runs.up_process import Up


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker keeps the cloud that all clients share; the long run has one of its own."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            alone = item.path.stem == "test_on_aws"
            item.add_marker(pytest.mark.xdist_group("on-aws" if alone else "clients"))


@pytest.fixture(scope="session")
def environment() -> Path:
    """Where the clients are installed."""
    if not (ENVIRONMENT / ".ready").exists():
        pytest.skip("the clients are not installed: run make test-clients")
    return ENVIRONMENT


@pytest.fixture(scope="session")
def up(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """In service, with sample records coming in; it leaves nothing behind."""
    running = Up(project(tmp_path_factory.mktemp("up")), "digits", "--record-rate", "2")
    try:
        running.wait_for("in service", seconds=600)
        yield running
        assert running.end(signal.SIGINT) == 0
        assert running.left_behind() == []
    finally:
        if running.process.poll() is None:
            running.process.kill()


@pytest.fixture
def terminal(up: Up, tmp_path: Path) -> Terminal:
    """A terminal for this test."""
    return Terminal(up, tmp_path)
