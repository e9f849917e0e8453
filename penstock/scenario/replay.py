"""Replays points on the stream of a stage in service, and accounts for what became of each."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from datetime import datetime

from penstock.scenario.alerts import AlertListener
from penstock.scenario.anomalies import Anomalies
from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.deliveries import Deliveries
from penstock.scenario.findings import Findings
from penstock.scenario.points import Key, Point, points_of
from penstock.scenario.progress import Timeline
from penstock.scenario.scores import ScoreReader, SeriesState


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
            since_ms = int(time.time() * 1000)
            known = self._points(before)
            self._wait_until_read(known)
            at_first = self._reader.states()
            with AlertListener(self._aws, self._stage) as listener:
                self._deliveries.send(live, "score")
                points = self._points(live)
                self._wait_until_read(points)
                expected = newer(points, at_first)
                anomalies = Anomalies(known, points, self._scores(expected, at_first))
                self._wait_for_alerts(listener, anomalies.alerts)
            letters = self._wait_for_dead_letters([*before, *live])
            self._findings["anomaly"] = {
                **anomalies.report(),
                "dead_letters": letters,
                "skipped": self._reader.skipped(since_ms),
                "told_again": self._reader.scores.copies,
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

        def behind() -> int:
            states = self._reader.states()
            return sum(
                name not in states or states[name].last < last or not states[name].is_told
                for name, last in lasts.items()
            )

        self._aws.wait_for(
            f"the scorer of {self._stage['StreamName']} to read {len(lasts)} series to their end",
            lambda: True if behind() == 0 else None,
            progress=lambda: sum(state.decided for state in self._reader.states().values()),
        )

    def _scores(
        self, expected: Sequence[Key], at_first: dict[str, SeriesState]
    ) -> dict[Key, tuple[float, float]]:
        """Score and threshold of each expected point that has one; the others were skipped.

        StepFailedError if a point is lost, or was decided twice, or out of order.
        """
        now = self._reader.states()
        names = {series for series, _ in expected}
        decided = sum(now[name].decided for name in names) - sum(
            at_first[name].decided for name in names & at_first.keys()
        )
        if decided != len(expected):
            raise StepFailedError(
                f"{len(expected)} points were sent, but the scorer decided {decided}"
            )
        due = sum(now[name].scored for name in names) - sum(
            at_first[name].scored for name in names & at_first.keys()
        )

        def found() -> dict[Key, tuple[float, float]] | None:
            scores = self._reader.look()
            mine = {
                key: (scores.by_key[key], scores.thresholds[key])
                for key in expected
                if key in scores.by_key
            }
            self._timeline.say("score", f"{len(mine)} of {due} scores in the lake")
            return mine if len(mine) >= due else None

        scores = self._aws.wait_for(
            f"{due} scores below {self._stage['ScoresPrefix']}",
            found,
            progress=lambda: len(self._reader.scores.by_key),
        )
        if len(scores) > due:
            raise StepFailedError(f"{due} points have a score, but the lake has {len(scores)}")
        if self._reader.scores.late:
            name, at = self._reader.scores.late[0]
            raise StepFailedError(f"the score of {name} at {at} came after that of a later point")
        return scores

    def _wait_for_alerts(self, listener: AlertListener, expected: set[Key]) -> None:
        """StepFailedError if somebody was alerted of a point that is not above its threshold."""
        heard = self._aws.wait_for(
            f"{len(expected)} alerts from {self._stage['AlertsTopicArn']}",
            lambda: keys if len(keys := listener.look()) >= len(expected) else None,
            progress=lambda: len(listener.look()),
        )
        if heard != expected:
            name, at = sorted(heard ^ expected)[0]
            raise StepFailedError(
                f"{len(expected)} scores are above their threshold, but the alerts are of others: "
                f"of {name} at {at}, for one"
            )

    def _wait_for_dead_letters(self, records: Sequence[bytes]) -> int:
        """What the transform has refused must lie in the scorer's dead-letter queue, too."""
        refused = self._refused()
        poison = {body for body in records if digest(body) in refused}
        return self._aws.wait_for(
            f"{len(poison)} records in {self._stage['ScoringDeadLetterQueueUrl']}",
            lambda: count if (count := self._reader.dead_letters(poison)) >= len(poison) else None,
        )


def newer(points: Sequence[Point], states: dict[str, SeriesState]) -> list[Key]:
    """The points that the scorer has to decide: those after the last one of their series.

    Others are duplicates, or late, and change nothing.
    """
    lasts = {name: state.last for name, state in states.items()}
    found = []
    for point in points:
        last = lasts.get(point.series)
        if last is None or point.at > last:
            lasts[point.series] = point.at
            found.append(point.key)
    return found


def digest(body: bytes) -> str:
    """By which the account of records knows one."""
    return hashlib.sha256(body).hexdigest()
