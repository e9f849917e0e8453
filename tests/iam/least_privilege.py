"""What must hold of the runs of pipelines: each Allow statement is used, or needed on AWS."""

from __future__ import annotations

from tests.iam.not_exercised import ROWS
from tests.iam.runs import Run


class LeastPrivilege:
    """For test classes with a fixture `runs`."""

    def test_the_replay_decides_as_the_runs_did(self, runs: list[Run]) -> None:
        for run in runs:
            assert run.replay.recorded, run.name
            other = [
                recorded.label
                for recorded in run.replay.recorded
                if run.replay.decide(recorded).kind != recorded.verdict
            ]
            assert other == [], run.name

    def test_the_runs_were_denied_nothing(self, runs: list[Run]) -> None:
        denied = [
            run.replay.decide(recorded).line()
            for run in runs
            for recorded in run.replay.recorded
            if recorded.verdict != "allowed"
        ]
        assert denied == []

    def test_each_action_of_each_statement_is_used_or_in_the_table(self, runs: list[Run]) -> None:
        idle = [
            f"{run.name}: {piece.label}"
            for run in runs
            for piece in run.pieces
            if piece not in run.used | run.tabled(ROWS)
        ]
        assert idle == []

    def test_the_table_holds_nothing_that_is_used(self, runs: list[Run]) -> None:
        never = [row for row in ROWS if not row.by_the_clock]
        exercised = [
            f"{run.name}: {piece.label}" for run in runs for piece in run.used & run.tabled(never)
        ]
        assert exercised == []

    def test_the_templates_hold_what_the_table_says_of_these_runs(self, runs: list[Run]) -> None:
        for row in ROWS:
            for run in runs:
                if run.name in row.runs:
                    assert row.empty(run.pieces) == [], f"{run.name}: {row.why}"

    def test_without_any_used_statement_something_that_happened_is_denied(
        self, runs: list[Run]
    ) -> None:
        for run in runs:
            used = {(piece.document, piece.index) for piece in run.used}
            spare = [
                f"{document.label}, statement {index + 1}"
                for document, index in used
                if not run.replay.denied_without_statement(document, index)
            ]
            assert spare == [], run.name

    def test_without_any_used_action_something_that_happened_is_denied(
        self, runs: list[Run]
    ) -> None:
        for run in runs:
            spare = [piece.label for piece in run.used if not run.replay.denied_without(piece)]
            assert spare == [], run.name

    def test_without_a_tabled_statement_nothing_that_happened_is_denied(
        self, runs: list[Run]
    ) -> None:
        for run in runs:
            idle = {(piece.document, piece.index) for piece in run.pieces} - {
                (piece.document, piece.index) for piece in run.used
            }
            for document, index in idle:
                assert run.replay.denied_without_statement(document, index) == [], document.label
