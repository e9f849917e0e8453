"""One batch of the stream: windows move on, the endpoint is asked, results are handed over.

The guarantee, for records that come in order per series and may come again at any time:

* Each point (series, time) is decided once: it has one score, or the model refused it, or it was
  skipped with a reason. The decision and the window behind it are one conditional write of the
  series' item, so neither a second attempt nor a second invocation can decide again, or otherwise.
* What was decided is handed over at least once, in order per series, always with the same
  content: it lies in the item's outbox from that write until all of it is handed over, and the
  next points of the series are not decided before. Only a crash, or an error of a service, between
  a hand-over and the write that empties the outbox makes it happen twice. Firehose and SNS know no
  request token, so (series, timestamp) tells such copies apart.
* A duplicate, or a point that is older than its series' last one, changes nothing.
* A record that is no point never fails a batch: it goes to the dead-letter queue, at least once,
  as soon as the points of its piece of the batch are finished, or at once if it comes before them.
* When something fails, the batch fails at its first unfinished record, and Lambda comes again from
  there. Nothing is lost before Lambda itself gives a record up for its age or attempts; the
  dead-letter queue then gets the record's place in the stream, and an outbox stays in the table
  until the series' next point.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from endpoint import Endpoint, EndpointError, NoEndpointError, Refused
from model import Model, ServedModel
from outlets import OutletError, Outlets
from points import Fields, Point, Poison, read
from series import Outbox, Series, SeriesTable, TableError
from transform import Schema

# so many records are one piece: it bounds a request's body and an item's outbox
PIECE_RECORDS = 200
VALUES_AROUND = 25  # in an alert: the last ones of the window
FAILURES = (BotoCoreError, ClientError, EndpointError, OutletError, TableError)


@dataclass
class Counts:
    """What became of a piece; skipped by reason."""

    scored: int = 0
    alerts: int = 0
    refused: int = 0
    poison: int = 0
    seen: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


@dataclass
class Decision:
    """What one series' points of a piece lead to, before it is written."""

    series: Series
    scores: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    def written(self) -> Series:
        """The series with its new counts and a full outbox."""
        return replace(
            self.series,
            scored=self.series.scored + len(self.scores),
            refused=self.series.refused + len(self.refused),
            outbox=Outbox(tuple(self.scores), tuple(self.alerts), tuple(self.refused)),
        )


class Scorer:
    """All that a batch meets; one per execution environment."""

    def __init__(
        self,
        *,
        schema: Schema,
        fields: Fields,
        window_points: int,
        table: SeriesTable,
        model: ServedModel,
        endpoint: Endpoint,
        outlets: Outlets,
    ) -> None:
        self._schema = schema
        self._fields = fields
        self._window_points = window_points
        self._table = table
        self._model = model
        self._endpoint = endpoint
        self._outlets = outlets

    def process(
        self, records: Sequence[dict[str, Any]], has_time: Callable[[], bool]
    ) -> str | None:
        """Finish the records in order; the sequence number of the first unfinished one, or None.

        `has_time` is asked before every piece but the first.
        """
        for start in range(0, len(records), PIECE_RECORDS):
            piece = records[start : start + PIECE_RECORDS]
            if start and not has_time():
                say(event="out_of_time", records=len(records), finished=start)
                return sequence_of(piece[0])
            failed_at = self._process_piece(piece)
            if failed_at is not None:
                return failed_at
        return None

    def _process_piece(self, piece: Sequence[dict[str, Any]]) -> str | None:
        items = [(record, read(record, self._schema, self._fields)) for record in piece]
        points = [item for _, item in items if isinstance(item, Point)]
        counts = Counts()
        finished = False  # poison before the first point waits for nothing
        unfinished = piece[0]
        try:
            for record, item in items:
                unfinished = record
                if isinstance(item, Poison):
                    self._outlets.bury(item)
                    counts.poison += 1
                elif not finished:
                    self._finish(points, counts)
                    finished = True
        except FAILURES as error:
            say(event="failed", records=len(piece), at=sequence_of(unfinished), error=str(error))
            return sequence_of(unfinished)
        say(event="scored", records=len(piece), **vars(counts))
        return None

    def _finish(self, points: Sequence[Point], counts: Counts) -> None:
        found = self._table.load(dict.fromkeys(point.series for point in points))
        self._hand_over([series for series in found.values() if series.outbox], found)
        model = self._model.now()
        decisions: dict[str, Decision] = {}
        asked: list[tuple[Point, list[float], Series]] = []
        for point in points:
            decision = decisions.get(point.series)
            series = decision.series if decision is not None else found[point.series]
            if not series.is_newer(point):
                counts.seen += 1
                continue
            series, row = self._moved(series, point, model)
            if isinstance(row, str):
                counts.skipped[row] += 1
                series = replace(series, skipped=series.skipped + 1)
            else:
                asked.append((point, row, series))
            decisions[point.series] = Decision(series)
        if isinstance(model, Model):
            self._ask(asked, model, decisions, counts)
        written = {}
        for name, decision in decisions.items():
            written[name] = self._table.save(decision.written())
        self._hand_over([series for series in written.values() if series.outbox], written)

    def _moved(
        self, series: Series, point: Point, model: Model | str
    ) -> tuple[Series, list[float] | str]:
        """The series with one point more, and the point's row or why it has no score."""
        if isinstance(model, str):
            return series.with_point(point, self._window_points), model
        if series.window and model.is_same_place(point.series, series.window[-1][0], point.at):
            return series.with_last(point), "same_place"
        series = series.with_point(point, self._window_points)
        return series, model.row(point.series, series.window)

    def _ask(
        self,
        asked: Sequence[tuple[Point, list[float], Series]],
        model: Model,
        decisions: Mapping[str, Decision],
        counts: Counts,
    ) -> None:
        try:
            answers = self._endpoint.scores([row for _, row, _ in asked])
        except NoEndpointError:
            for point, _, _ in asked:
                counts.skipped["no_endpoint"] += 1
                decision = decisions[point.series]
                decision.series = replace(decision.series, skipped=decision.series.skipped + 1)
            return
        for (point, _, series), answer in zip(asked, answers, strict=True):
            decision = decisions[point.series]
            told = {"series": point.series, "timestamp": point.at}
            if isinstance(answer, Refused):
                counts.refused += 1
                decision.refused.append({"reason": answer.reason, **told, "value": point.value})
                continue
            counts.scored += 1
            judged = {"score": answer, "threshold": model.threshold, "model": model.package}
            decision.scores.append({**told, "value": point.value, **judged})
            if answer > model.threshold:
                counts.alerts += 1
                around = [
                    {"timestamp": at, "value": value}
                    for at, value in series.window[-VALUES_AROUND:]
                ]
                decision.alerts.append({**told, **judged, "values": around})

    def _hand_over(self, full: Sequence[Series], known: dict[str, Series]) -> None:
        """Deliver the outboxes, then empty them in the table and in what is known of it."""
        if not full:
            return
        self._outlets.deliver(series.outbox for series in full)
        for series in full:
            known[series.name] = self._table.save(replace(series, outbox=Outbox()))


def sequence_of(record: Mapping[str, Any]) -> str:
    """The sequence number of a Kinesis record of an event."""
    return str(record["kinesis"]["sequenceNumber"])


def say(**line: Any) -> None:
    """One JSON object per line in the function's log."""
    print(json.dumps(line), flush=True)
