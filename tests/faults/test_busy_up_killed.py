"""`penstock up` is killed while all that it has started is at work, or while it ends all that."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.busy_cloud import SERVES, BusyCloud, busy_assembly
from tests.faults.remains import Remains
from tests.runs.conftest import project
from tests.runs.up_process import Up, is_open
from tests.waiting import eventually

pytestmark = [pytest.mark.offline, pytest.mark.runtime, pytest.mark.xdist_group("busy-up-killed")]


@pytest.fixture(scope="module")
def remains(tmp_path_factory: pytest.TempPathFactory) -> Remains:
    folder = project(tmp_path_factory.mktemp("project"))
    busy_assembly(folder / "busy")
    return Remains(folder)


@pytest.fixture
def cloud(remains: Remains, tmp_path: Path) -> Iterator[BusyCloud]:
    """Up, and idle."""
    left = remains.folders()
    up = Up(remains.folder, "--assembly", "busy")
    yield BusyCloud(up, tmp_path)
    up.end(signal.SIGKILL)
    remains.are_removed(left, up.lines)


def test_everything_ends_in_the_middle_of_its_work(remains: Remains, cloud: BusyCloud) -> None:
    cloud.begin_job()
    cloud.deliver()
    cloud.serve()
    cloud.train()
    cloud.transform()
    cloud.await_job()
    cloud.update_endpoint()
    at_work = {
        program: len(cloud.running(program))
        for program in ("bootstrap.py", "java", "pyspark.daemon", "linear_learner train", SERVES)
    }
    assert min(at_work.values()) >= 1
    assert at_work[SERVES] == 3, "the old, the new, that of the batch transform"
    (java,) = cloud.running("bin/java")
    assert not list(Path("/tmp").glob(f"hsperfdata_*/{java.pid}")), "outside of its folder"
    ports = cloud.ports()
    assert any(is_open(port) for port in ports)

    assert cloud.up.end(signal.SIGKILL) == -signal.SIGKILL
    remains.of_the_killed()
    assert not cloud.up.port_is_open()
    assert not any(is_open(port) for port in ports)


def test_what_is_killed_while_it_ends_everything_ends_too(
    remains: Remains, cloud: BusyCloud
) -> None:
    cloud.invoke()
    cloud.serve()
    cloud.transform()  # those that are held need a second each to be ended
    cloud.update_endpoint()

    cloud.up.process.send_signal(signal.SIGINT)
    eventually(lambda: not cloud.running("bootstrap.py"))
    assert cloud.running(SERVES), "the clean-up is not at its end"
    assert cloud.up.end(signal.SIGKILL) == -signal.SIGKILL
    remains.of_the_killed()


def test_the_start_after_them_is_clean(remains: Remains) -> None:
    remains.end()
