"""Replays points on the stream of a stage in service, and accounts for what became of each."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from penstock.scenario.alerts import AlertListener
from penstock.scenario.anomalies import Anomalies
from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.deliveries import Deliveries
from penstock.scenario.findings import Findings
from penstock.scenario.points import Key, Point, points_of, text_of
from penstock.scenario.progress import Timeline
from penstock.scenario.scores import UNMET, ScoreReader, SeriesState


class Replay:
    """Sends points; each must have one score in order, or a reason why not.

    What was found is `findings["anomaly"]`, and the curves for the report are `drawing`.
    """

    def __init__(
        self,
        aws: Aws,
        stage: Stage,
        timeline: Timeline,
        findings: Findings,
        deliveries: Deliveries,
    ) -> None:
        self._aws = aws
        self._stage = stage
        self._timeline = timeline
        self._findings = findings
        self._deliveries = deliveries
        self._reader = ScoreReader(aws, stage)

    def go(self, before: Sequence[bytes], live: Sequence[bytes]) -> None:
        """The step score.

        Args:
            before: what was sent before the model was in service: it only fills the windows.
            live: what is sent now, each series in the order of time.
        """
        with self._timeline.step("score"):
            known = self._points(before)
            self._wait_until_read(known)
            at_first, skipped = self._reader.states(), self._reader.skipped()
            with AlertListener(self._aws, self._stage) as listener:
                # what the stream refused at first may be late for its series
                points = self._points(self._deliveries.send(live, "score"))
                self._wait_until_read(points)
                expected = newer(points, at_first)
                counted = self._decided(points, expected, at_first)
                scores = self._scores(expected, counted)
                anomalies = Anomalies([*known, *points], set(expected), scores)
                self._wait_for_alerts(listener, anomalies.alerts, points)
            letters = self._wait_for_dead_letters([*before, *live], expected, counted)
            self._findings["anomaly"] = {
                **anomalies.report(),
                "dead_letters": letters,
                "skipped": dict(self._reader.skipped() - skipped),
                "told_again": self._reader.scores.copies,
                "late": len(points) - len(expected),  # or known already: nobody decides them
            }
            self._findings["anomaly_drawing"] = anomalies.drawing()
            self._timeline.say("score", anomalies.sentence())

    def _points(self, records: Sequence[bytes]) -> list[Point]:
        """Those of the records that the transform has not refused."""
        refused = self._refused()
        return points_of(self._stage, (body for body in records if digest(body) not in refused))

    def _refused(self) -> set[str]:
        failures = self._findings["records"]["failures"]
        return {failure["sha256"] for failure in failures if failure["where"] == "transform"}

    def _wait_until_read(self, points: Sequence[Point]) -> None:
        """Until the scorer has come to the last point of each series, and has told all of it."""
        lasts: dict[str, datetime] = {}
        for point in points:
            lasts[point.series] = max(point.at, lasts.get(point.series, point.at))

        states: dict[str, SeriesState] = {}

        def are_read() -> bool:
            states.update(self._reader.states())
            found = {name: states.get(name, UNMET) for name in lasts}
            return all(found[name].is_told and found[name].last >= lasts[name] for name in lasts)

        self._aws.wait_for(
            f"the scorer of {self._stage['StreamName']} to read {len(lasts)} series to their end",
            lambda: are_read() or None,
            progress=lambda: sum(state.decided for state in states.values()),
        )

    def _decided(
        self, points: Sequence[Point], expected: Sequence[Key], at_first: dict[str, SeriesState]
    ) -> dict[str, SeriesState]:
        """What the scorer counted of each series since then.

        StepFailedError if a point is lost, or was decided twice.
        """
        now = self._reader.states()
        due = Counter(series for series, _ in expected)
        counted = {}
        for name in sorted({point.series for point in points}):
            counted[name] = now[name].since(at_first.get(name, UNMET))
            if counted[name].decided != due[name]:
                raise StepFailedError(
                    f"the scorer decided {counted[name].decided} points of {name} "
                    f"instead of {due[name]}"
                )
        return counted

    def _scores(
        self, expected: Sequence[Key], counted: dict[str, SeriesState]
    ) -> dict[Key, tuple[float, float]]:
        """Score and threshold of each expected point that has one; the others were skipped.

        StepFailedError if there are others than were counted, or if they are out of order.
        """
        due = Counter({name: state.scored for name, state in counted.items()})

        def found() -> dict[Key, tuple[float, float]] | None:
            scores = self._reader.look()
            mine = {
                key: (scores.by_key[key], scores.thresholds[key])
                for key in expected
                if key in scores.by_key
            }
            self._timeline.say("score", f"{len(mine)} of {due.total()} scores in the lake")
            return mine if due <= Counter(series for series, _ in mine) else None

        scores = self._aws.wait_for(
            f"{due.total()} scores below {self._stage['ScoresPrefix']}",
            found,
            progress=lambda: len(self._reader.scores.by_key),
        )
        for name, count in Counter(series for series, _ in scores).items():
            if count > due[name]:
                raise StepFailedError(
                    f"the lake has {count} scores of {name} instead of {due[name]}"
                )
        if self._reader.scores.late:
            name, at = self._reader.scores.late[0]
            raise StepFailedError(
                f"the score of {name} at {text_of(at)} came after that of a later point"
            )
        return scores

    def _wait_for_alerts(
        self, listener: AlertListener, expected: set[Key], points: Sequence[Point]
    ) -> None:
        """StepFailedError if somebody was alerted of a point that is not above its threshold.

        What is said of points that others sent does not count.
        """
        mine = {point.key for point in points}
        heard = self._aws.wait_for(
            f"{len(expected)} alerts from {self._stage['AlertsTopicArn']}",
            lambda: keys if len(keys := listener.look() & mine) >= len(expected) else None,
            progress=lambda: len(listener.look()),
        )
        if heard != expected:
            name, at = sorted(heard ^ expected)[0]
            raise StepFailedError(
                f"{len(expected)} scores are above their threshold, but the alerts are of others: "
                f"of {name} at {text_of(at)}, for one"
            )

    def _wait_for_dead_letters(
        self, records: Sequence[bytes], expected: Sequence[Key], counted: dict[str, SeriesState]
    ) -> int:
        """What the transform or the model has refused must lie in the dead-letter queue."""
        refused = self._refused()
        poison = {body for body in records if digest(body) in refused}
        due = len(poison) + sum(state.refused for state in counted.values())

        def found() -> int | None:
            count = self._reader.dead_letters(poison, expected)
            return count if count >= due else None

        return self._aws.wait_for(
            f"{due} records in {self._stage['ScoringDeadLetterQueueUrl']}", found
        )


def newer(points: Sequence[Point], states: dict[str, SeriesState]) -> list[Key]:
    """The points that the scorer has to decide: those after the last one of their series.

    Others are duplicates, or late, and change nothing.
    """
    lasts = {name: state.last for name, state in states.items()}
    found = []
    for point in points:
        if point.at > lasts.get(point.series, UNMET.last):
            lasts[point.series] = point.at
            found.append(point.key)
    return found


def digest(body: bytes) -> str:
    """By which the account of records knows one."""
    return hashlib.sha256(body).hexdigest()
