"""Ratios of benchmarks: from pairs measured together, the baseline's seconds by the subject's."""

from __future__ import annotations

import json

import pytest

from benchmarks.comparison import Comparison, compare


def test_ratios_are_taken_pair_by_pair() -> None:
    # the ratio of the medians would be 4 / 3: each pair counts on its own
    pairs = ((1.0, 4.0), (3.0, 3.0), (8.0, 16.0))
    document = Comparison("n", "w", "b", pairs, {"records": 5}).document()
    assert document == {
        "name": "n",
        "what": "w",
        "baseline": "b",
        "ratio": {"median": 2.0, "min": 1.0, "max": 4.0},
        "runs": 3,
        "details": {"records": 5, "median_seconds": 3.0, "baseline_median_seconds": 4.0},
    }


@pytest.mark.parametrize(("goal", "holds"), [(2, True), (2.1, False)])
def test_the_median_ratio_holds_its_goal_or_not(goal: float, holds: bool) -> None:
    pairs = ((1.0, 4.0), (3.0, 3.0), (8.0, 16.0))
    details = Comparison("n", "w", "b", pairs, {"at_least": goal}).document()["details"]
    assert (details["at_least"], details["holds"]) == (goal, holds)


def test_the_first_pair_is_a_warm_up_and_the_sides_take_turns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls: list[str] = []

    def side(name: str, durations: list[float]) -> float:
        calls.append(name)
        return durations.pop(0)

    slow_start, steady = [100.0, 2.0, 1.0], [1.0, 1.0, 1.0]
    compare(
        "turns",
        what="",
        baseline="",
        subject=lambda: side("subject", slow_start),
        against=lambda: side("baseline", steady),
        runs=2,
        details={},
    ).print()

    assert calls == ["baseline", "subject", "subject", "baseline", "baseline", "subject"]
    printed = capsys.readouterr()
    (line,) = printed.out.splitlines()
    document = json.loads(line)
    assert document["ratio"] == {"median": 0.75, "min": 0.5, "max": 1.0}
    assert document["runs"] == 2
    assert printed.err.splitlines() == ["turns: warm-up", "turns: 1 of 2", "turns: 2 of 2"]
