"""Every Allow statement, down to its actions, is used by a run or known to be needed on AWS."""

from __future__ import annotations

from tests.iam.least_privilege import LeastPrivilege
from tests.iam.not_exercised import ROWS
from tests.iam.runs import RUNS, TORCH_RUNS, Run


class TestDigitsAndAnomaly(LeastPrivilege):
    """Those that run with the project's own environment."""

    def test_some_template_holds_what_the_table_says_of_all(self, runs: list[Run]) -> None:
        everywhere = [piece for run in runs for piece in run.pieces]
        for row in ROWS:
            if not row.runs:
                assert row.empty(everywhere) == [], row.why


def test_each_row_says_why_and_who_says_so() -> None:
    for row in ROWS:
        assert set(row.runs) <= {*RUNS, *TORCH_RUNS}, row.why
        assert row.why, row.actions
        assert "https://" in row.source or row.source.startswith("unconfirmed"), row.why
