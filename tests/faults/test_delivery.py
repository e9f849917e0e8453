"""Copies on the way to the lake, and records that do not fit its table: each is accounted for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.ingestion import Ingestion, digit, digits
from tests.offline.scoring_lab import SERIES, scoring_lab

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("faults-delivery")]


def test_copies_are_counted_and_are_in_no_other_count(given: Callable[..., Ingestion]) -> None:
    ingestion = given("duplicate-delivery=1")
    sent = [*digits(40), digit(7), b"no json"]  # 7 is sent twice, which makes no copy of it
    account = ingestion.send(sent)
    assert (account["sent"], account["delivered"], account["copies"]) == (42, 41, 42)
    assert account["failed"] == {"source": 0, "transform": 1, "conversion": 0}
    rows = ingestion.rows()
    assert rows.total() == 82
    assert rows["d7"] == 4
    assert len(ingestion.errors("processing-failed")) == 2
    happened, line = ingestion.fault()
    assert happened == 42
    assert "record given to Firehose twice (42 times)" in line


def test_records_that_do_not_fit_the_table_are_kept_as_they_are(
    given: Callable[..., Ingestion],
) -> None:
    ingestion = given("conversion-fails=3")
    account = ingestion.send(digits(40))
    assert account["delivered"] == 37
    assert account["failed"] == {"source": 0, "transform": 0, "conversion": 3}
    errors = ingestion.errors("format-conversion-failed")
    assert len(errors) == 3
    for error in errors:
        assert error["lastErrorCode"] == "DataFormatConversion.MalformedData"
        assert json.loads(error["rawData"])["label"] == "no number"
        assert error["dataCatalogTable"]["tableName"]
    assert "below format-conversion-failed as DataFormat" in ingestion.fault()[1]


def test_the_account_balances_however_many_faults_meet(given: Callable[..., Ingestion]) -> None:
    ingestion = given(
        "kinesis-throttling",
        "kinesis-partial-failures",
        "hot-shard=0.7",
        "duplicate-delivery=0.5",
        "transform-raises=2",
        "transform-answers-short=3",
        "conversion-fails=5",
        "s3-slow-down=0.3",
        "s3-internal-error=0.2",
    )
    ingestion.send([*digits(300), b"no json"])
    account = ingestion.send([*digits(300), b"no json either"])  # all of them again
    assert account["sent"] == 602
    assert account["failed"]["source"] == 0
    assert account["failed"]["transform"] > 2
    assert account["failed"]["conversion"] > 0
    assert account["copies"] > 0
    assert account["delivered"] <= ingestion.rows().total()
    assert all(entry["happened"] for entry in ingestion.cloud.context.faults.entries())


def test_points_that_come_twice_are_scored_once(tmp_path: Path) -> None:
    with scoring_lab(tmp_path, ["duplicate-delivery=1"]) as lab:
        lab.serve()
        lab.put(*((name, number, 1.0) for number in range(10) for name in SERIES))
        lab.lab.settled(lab.mapping, 60, seconds=60)
        scored = Counter((score["series"], score["timestamp"]) for score in lab.scores())
        assert set(scored.values()) == {1}
        # a series has its first score when its window is full
        assert len(scored) == len(SERIES) * 7
        (entry,) = lab.lab.cloud.context.faults.entries()
        assert "record given to a function's event source twice (30 times)" in entry["line"]
