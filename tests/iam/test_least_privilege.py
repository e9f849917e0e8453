"""Every Allow statement, down to its actions, is used by a run or known to be needed on AWS."""

from __future__ import annotations

from tests.iam.not_exercised import ROWS
from tests.iam.runs import RUNS, Run


def test_the_replay_decides_as_the_runs_did(runs: list[Run]) -> None:
    for run in runs:
        assert run.replay.recorded, run.pipeline
        other = [
            recorded.label
            for recorded in run.replay.recorded
            if run.replay.decide(recorded).kind != recorded.verdict
        ]
        assert other == [], run.pipeline


def test_the_runs_were_denied_nothing(runs: list[Run]) -> None:
    denied = [
        run.replay.decide(recorded).line()
        for run in runs
        for recorded in run.replay.recorded
        if recorded.verdict != "allowed"
    ]
    assert denied == []


def test_each_action_of_each_statement_is_used_or_in_the_table(runs: list[Run]) -> None:
    idle = [
        f"{run.pipeline}: {piece.label}"
        for run in runs
        for piece in run.pieces
        if piece not in run.used | run.tabled(ROWS)
    ]
    assert idle == []


def test_the_table_holds_nothing_that_is_used(runs: list[Run]) -> None:
    never = [row for row in ROWS if not row.by_the_clock]
    exercised = [
        f"{run.pipeline}: {piece.label}" for run in runs for piece in run.used & run.tabled(never)
    ]
    assert exercised == []


def test_the_templates_hold_everything_that_is_in_the_table(runs: list[Run]) -> None:
    for row in ROWS:
        for run in runs:
            if row.pipelines and run.pipeline in row.pipelines:
                assert row.empty(run.pieces) == [], f"{run.pipeline}: {row.why}"
        if not row.pipelines:
            everywhere = [piece for run in runs for piece in run.pieces]
            assert row.empty(everywhere) == [], row.why
        assert set(row.pipelines) <= set(RUNS), row.why
        assert row.why, row.actions
        assert "https://" in row.source or row.source.startswith("unconfirmed"), row.why


def test_without_any_used_statement_something_that_happened_is_denied(runs: list[Run]) -> None:
    for run in runs:
        used = {(piece.document, piece.index) for piece in run.used}
        spare = [
            f"{document.label}, statement {index + 1}"
            for document, index in used
            if not run.replay.denied_without_statement(document, index)
        ]
        assert spare == [], run.pipeline


def test_without_any_used_action_something_that_happened_is_denied(runs: list[Run]) -> None:
    for run in runs:
        spare = [piece.label for piece in run.used if not run.replay.denied_without(piece)]
        assert spare == [], run.pipeline


def test_without_a_tabled_statement_nothing_that_happened_is_denied(runs: list[Run]) -> None:
    for run in runs:
        idle = {(piece.document, piece.index) for piece in run.pieces} - {
            (piece.document, piece.index) for piece in run.used
        }
        for document, index in idle:
            assert run.replay.denied_without_statement(document, index) == [], document.label
