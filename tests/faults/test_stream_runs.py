"""Whole runs on a bad day for stream and storage: nothing is lost, and the run ends well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.runs.conftest import Done, Penstock, penstock_in, project

pytestmark = [pytest.mark.offline, pytest.mark.runtime, pytest.mark.xdist_group("stream-runs")]

DIGITS_FAULTS = (
    "kinesis-throttling",
    "kinesis-partial-failures",
    "hot-shard",
    "duplicate-delivery=0.5",
    "transform-raises=2",  # with the timeout three in a row: the fourth invocation is the last
    "transform-times-out",
    "conversion-fails",
    "s3-slow-down",
    "s3-internal-error",
)


@pytest.fixture
def penstock(tmp_path: Path) -> Penstock:
    """The command in a project folder of the test's own."""
    return penstock_in(project(tmp_path))


def with_faults(*faults: str) -> list[str]:
    return [word for fault in faults for word in ("--fault", fault)]


def account(done: Done) -> dict[str, Any]:
    """The account of records, which balances."""
    records: dict[str, Any] = done.report["records"]
    failed = sum(records["failed"].values())
    assert records["sent"] == records["delivered"] + records["dropped"] + failed > 0
    return records


def test_digits_survives_a_bad_day(penstock: Penstock) -> None:
    done = penstock("run", "digits", *with_faults(*DIGITS_FAULTS))
    assert done.code == 0, done.out + done.err
    records = account(done)
    assert records["failed"]["source"] == 0
    assert records["failed"]["conversion"] == 3
    assert records["copies"] > 0
    # copies train nobody: there are as many ids as without faults, or lack those that did not fit
    assert 1794 <= records["unique"] <= 1797
    assert done.report["metrics"]["endpoint_accuracy"] >= 0.9
    faults = done.report["faults"]
    assert [fault["name"] for fault in faults] == [f.split("=")[0] for f in DIGITS_FAULTS]
    for fault in faults:
        assert fault["happened"], fault
        assert f"fault {fault['line']}" in done.out


def test_points_that_were_refused_or_came_twice_are_scored_once_or_known_to_be_late(
    penstock: Penstock,
) -> None:
    done = penstock(
        "run", "anomaly", *with_faults("kinesis-partial-failures=0.02", "duplicate-delivery=0.1")
    )
    assert done.code == 0, done.out + done.err
    assert account(done)["copies"] > 0
    anomaly = done.report["anomaly"]
    assert anomaly["late"] > 0
    assert anomaly["scored_records"] > 0
    assert all(fault["happened"] for fault in done.report["faults"])
