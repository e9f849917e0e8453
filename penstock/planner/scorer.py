"""The scorer of a stream: executions at once, requests to the endpoint, writes of windows."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.catalog.facts import counted, in_words
from penstock.catalog.limits import limit
from penstock.planner.described import Scoring
from penstock.planner.figure import Figure
from penstock.planner.load import Load
from penstock.planner.regions import most
from penstock.planner.rounding import whole

PIECE_RECORDS = 200  # of a batch are one request: lambda/score_stream/scorer.py
WRITES_PER_SERIES = 2  # what was decided, and that it was told
_BASE64 = 4 / 3
_POINT_KB = 0.05  # a window's point as JSON: its time and value
_SCORE_KB = 0.3  # a score in the outbox, with series, time, threshold and model


@dataclass(frozen=True)
class ScorerPlan:
    """Batches of shards, each read by `parallelization` lanes, at a steady and even flow.

    `series` is how many series there are, None if that is unknown: then each record of a piece
    is taken to be of another series, which is the most that can be written.
    """

    load: Load
    shards: int
    scoring: Scoring
    window_points: int
    latency_ms: float | None
    series: int | None = None

    @property
    def lanes(self) -> int:
        """How many executions Lambda runs at once, at most."""
        return self.shards * self.scoring.parallelization

    @property
    def largest_batch(self) -> int:
        """Records of a full batch: `batch_records`, or what fits into a request in base64."""
        fit = most(limit("lambda.sync_payload_mb")) * 1000 / (self.load.record_kb * _BASE64)
        return max(1, min(self.scoring.batch_records, int(fit)))

    @property
    def batch_seconds(self) -> float:
        """How often a lane gets a batch."""
        each = self.load.records_per_second / self.lanes
        wait = max(self.scoring.batch_window_seconds, 1 / most(limit("lambda.stream_polls")))
        return max(min(self.largest_batch / each, wait), 1 / each)

    @property
    def invocations_per_second(self) -> float:
        """Invocations of all lanes together."""
        return self.lanes / self.batch_seconds

    @property
    def requests_per_invocation(self) -> int:
        """Requests to the endpoint for a batch: one for each piece of it."""
        records = self.load.records_per_second / self.invocations_per_second
        return whole(records / PIECE_RECORDS)

    @property
    def requests_per_second(self) -> float:
        """Requests to the endpoint."""
        return self.invocations_per_second * self.requests_per_invocation

    @property
    def needed_lanes(self) -> int | None:
        """Executions at once with full batches, the endpoint's time alone; None if not known."""
        if self.latency_ms is None:
            return None
        pieces = whole(self.largest_batch / PIECE_RECORDS)
        batches = self.load.records_per_second / self.largest_batch
        return max(1, whole(batches * pieces * self.latency_ms / 1000))

    @property
    def writes_per_second(self) -> float:
        """Writes of items, at most."""
        return WRITES_PER_SERIES * self._series_per_second

    @property
    def reads_per_second(self) -> float:
        """Reads of items, at most."""
        return self._series_per_second

    @property
    def item_kb(self) -> float:
        """A series' item, about: its window and a score that is yet to be told."""
        return self.window_points * _POINT_KB + _SCORE_KB

    @property
    def write_units_per_second(self) -> float:
        """DynamoDB write units, of 1 KB each, at most."""
        return self.writes_per_second * whole(self.item_kb)

    @property
    def read_units_per_second(self) -> float:
        """DynamoDB read units, of 4 KB each, at most; the reads are consistent ones."""
        return self.reads_per_second * whole(self.item_kb / 4)

    @property
    def _series_per_second(self) -> float:
        """Series of each piece, added up."""
        records = self.load.records_per_second
        if self.series is None:
            return records
        return min(records, self.requests_per_second * self.series)

    def figures(self) -> list[Figure]:
        """What the scorer asks of Lambda and DynamoDB."""
        scoring, lanes = self.scoring, self.lanes
        facts = (limit("lambda.stream_parallelization"), limit("lambda.concurrency"))
        return [
            Figure.by(
                "scorer.most_concurrent",
                lanes,
                "executions",
                f"{counted(self.shards, 'shard')} x parallelization {scoring.parallelization}",
                *facts,
            ),
            self._needed(),
            Figure.by(
                "scorer.invocations_per_second",
                round(self.invocations_per_second, 4),
                "invocations/s",
                f"a batch every {in_words(round(self.batch_seconds, 3))} s in each of {lanes}: "
                f"batch_records {scoring.batch_records} or batch_window_seconds "
                f"{scoring.batch_window_seconds}",
                limit("lambda.stream_batch_records"),
                limit("lambda.sync_payload_mb"),
            ),
            Figure(
                "scorer.requests_per_second",
                round(self.requests_per_second, 4),
                "requests/s",
                f"to the endpoint: one for up to {PIECE_RECORDS} records of a batch",
                source=("lambda/score_stream/scorer.py",),
            ),
            Figure.by(
                "scorer.write_units_per_second",
                round(self.write_units_per_second, 3),
                "write units/s",
                f"at most: {WRITES_PER_SERIES} writes for each series of a piece, of "
                f"{whole(self.item_kb)} KB each"
                + ("; each record taken for another series" if self.series is None else ""),
                limit("dynamodb.table_write_units"),
            ),
            Figure.by(
                "scorer.read_units_per_second",
                round(self.read_units_per_second, 3),
                "read units/s",
                "at most: one consistent read for each series of a piece",
                limit("dynamodb.table_read_units"),
            ),
        ]

    def _needed(self) -> Figure:
        needed, parallel = self.needed_lanes, limit("lambda.stream_parallelization")
        if needed is None:
            because = "unknown: give --latency-ms, what the endpoint takes for a request"
        elif needed <= self.lanes:
            because = "the endpoint's time alone; what lies around it comes on top"
        elif needed <= self.shards * most(parallel):
            because = (
                f"falls behind: use scoring.parallelization {whole(needed / self.shards)}, or "
                "larger batches"
            )
        else:
            because = (
                f"falls behind even with parallelization {most(parallel):g}: use "
                f"{whole(needed / most(parallel))} shards, or larger batches"
            )
        return Figure.by("scorer.needed_concurrent", needed, "executions", because, parallel)
