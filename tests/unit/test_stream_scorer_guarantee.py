"""One score per point and in order, whatever crashes, fails, comes twice or is no point at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.stream_scorer_lab import (
    FIGURES,
    WINDOW,
    CallError,
    Crash,
    Lab,
    Services,
    at,
    point,
    record,
    scores_of,
)

Event = tuple[str, int, float]  # series, minute, value; a minute of -1 is poison
THRESHOLD = 5.0
REFUSED_VALUE = 50.0

POISON = None


def stream_of(steps: Sequence[tuple[str, int | None, float]]) -> list[Event]:
    """Events whose minute is a step from the latest one of their series."""
    latest: dict[str, int] = {}
    found = []
    for series, step, value in steps:
        minute = -1 if step is None else max(0, latest.get(series, 5) + step)
        latest[series] = max(minute, latest.get(series, 5))
        found.append((series, minute, value))
    return found


# mostly the next point; else the same again, a late one, a gap, or poison
events = st.lists(
    st.tuples(
        st.sampled_from(["cpu", "cpu", "disk", "unknown"]),
        st.sampled_from([1, 1, 1, 1, 1, 1, 1, 0, -2, 2, POISON]),
        st.sampled_from([8.0, 10.0, 14.0, 14.0, REFUSED_VALUE]),
    ),
    min_size=5,
    max_size=40,
).map(stream_of)
# crash before or after the n-th call, endpoint requests that fail, batches, and places from which
# Lambda reads again although they were finished
crashes = st.sets(st.integers(0, 160), max_size=12)
failures = st.sets(st.integers(0, 20), max_size=6)
batches = st.lists(st.integers(1, 12), min_size=1, max_size=8)
rewinds = st.dictionaries(st.integers(0, 15), st.integers(1, 10), max_size=3)


@dataclass
class Expected:
    """What the points of one series come to, decided one after the other."""

    scores: list[tuple[str, float]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    skipped: int = 0


def expected(stream: Sequence[Event]) -> dict[str, Expected]:
    """The scores, by the rules alone: no batches, no table, no failures."""
    found: dict[str, Expected] = {}
    windows: dict[str, list[tuple[int, float]]] = {}
    for series, minute, value in stream:
        window = windows.setdefault(series, [])
        if minute < 0 or (window and minute <= window[-1][0]):
            continue
        window.append((minute, value))
        mine = found.setdefault(series, Expected())
        last = window[-WINDOW:]
        known = FIGURES["series"].get(series)  # type: ignore[attr-defined]
        if known is None or len(last) < WINDOW or last[-1][0] - last[0][0] != WINDOW - 1:
            mine.skipped += 1
        elif any(value == REFUSED_VALUE for _, value in last):
            mine.refused.append(at(minute))
        else:
            row = [(value - known["mean"]) / known["sd"] for _, value in last]
            mine.scores.append((at(minute), scores_of([row])[0]))
    return found


def run(
    stream: Sequence[Event],
    crash_at: set[int],
    fail_at: set[int],
    sizes: Sequence[int],
    back: dict[int, int],
) -> Services:
    """Lambda's way with the stream until every record is finished."""
    services = Services(sorted(crash_at))
    limits = [(10.0, 2.0), (0.0, 1.0)]  # mean and deviation of cpu and of disk
    refused = {(REFUSED_VALUE - mean) / sd for mean, sd in limits}

    def endpoint(rows: list[list[float]]) -> list[Any]:
        if len(services.requests) - 1 in fail_at:
            raise CallError("ServiceUnavailable")
        if any(value in refused for row in rows for value in row):
            raise CallError("ModelError", OriginalStatusCode=400)
        return scores_of(rows)

    services.endpoint = endpoint
    records = [
        point(number, series, minute, value) if minute >= 0 else record(number, b"{", series)
        for number, (series, minute, value) in enumerate(stream)
    ]
    lab, position, invocation = Lab(services), 0, 0
    while position < len(records):
        size = sizes[invocation % len(sizes)]
        batch = records[position : position + size]
        try:
            failed_at = lab.send(batch)
        except Crash:
            lab.restart()
        else:
            position = position + len(batch) if failed_at is None else int(failed_at)
            lab.pause(10)
        position = max(0, position - back.get(invocation, 0))
        invocation += 1
    return services


@settings(deadline=None, max_examples=300)
@given(events, crashes, failures, batches, rewinds)
def test_each_point_is_decided_once_and_told_in_order(
    stream: list[Event],
    crash_at: set[int],
    fail_at: set[int],
    sizes: list[int],
    back: dict[int, int],
) -> None:
    services = run(stream, crash_at, fail_at, sizes, back)
    wanted = expected(stream)
    lines = services.scores()
    for name, mine in wanted.items():
        told = list(
            dict.fromkeys((s["timestamp"], s["score"]) for s in lines if s["series"] == name)
        )
        assert told == mine.scores  # copies are equal, the first ones in order
        item = services.items[name]
        counts = [int(item[key]["N"]) for key in ("scored", "refused", "skipped")]
        assert counts == [len(mine.scores), len(mine.refused), mine.skipped]
        assert item["outbox"] == {"S": "{}"}
        dead = [d["timestamp"] for d in services.dead if d.get("series") == name]
        assert list(dict.fromkeys(dead)) == mine.refused
        alerts = [a["timestamp"] for a in services.alerts if a["series"] == name]
        above = [timestamp for timestamp, score in mine.scores if score > THRESHOLD]
        assert list(dict.fromkeys(alerts)) == above
    assert {line["series"] for line in lines} <= set(wanted)
    poison = {f"shardId-000000000000:{n}" for n, (_, minute, _) in enumerate(stream) if minute < 0}
    assert {d["event_id"] for d in services.dead if "event_id" in d} == poison


@settings(deadline=None, max_examples=100)
@given(events, failures, batches)
def test_nothing_is_told_twice_unless_something_crashed(
    stream: list[Event], fail_at: set[int], sizes: list[int]
) -> None:
    services = run(stream, set(), fail_at, sizes, {})
    for told in (services.lines, [json.dumps(d) for d in (*services.alerts, *services.dead)]):
        assert len(told) == len(set(told))  # type: ignore[arg-type]
