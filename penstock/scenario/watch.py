"""The second half of a run: requests drift, the monitor sees it, and the pipeline trains again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.capture import Captures, Window
from penstock.scenario.deliveries import Deliveries
from penstock.scenario.drift import drifted
from penstock.scenario.findings import (
    Findings,
    note_answers,
    note_check,
    note_retraining,
    note_training,
)
from penstock.scenario.monitoring import Check, baseline_uri, check
from penstock.scenario.progress import Timeline
from penstock.scenario.retraining import Decision, Retraining
from penstock.scenario.rows import Row, held_out_rows
from penstock.scenario.serving import Answers, ask, served_package, wait_until_served
from penstock.scenario.training import TrainingFollower, TrainingRun


class Watch:
    """Capture, monitor, alarm, retrain, in a stage whose model is in service."""

    def __init__(
        self,
        aws: Aws,
        stage: Stage,
        timeline: Timeline,
        findings: Findings,
        deliveries: Deliveries,
        *,
        attempts: int = 1,
    ) -> None:
        self._aws = aws
        self._stage = stage
        self._timeline = timeline
        self._findings = findings
        self._deliveries = deliveries
        self._attempts = attempts
        self._captures = Captures(aws, stage)
        self._retraining = Retraining(aws, stage)

    def go(self, answers: Answers, rows: list[Row], later: Sequence[bytes]) -> None:
        """All four steps.

        Args:
            answers: what the endpoint answered about the rows, which are like the training data.
            rows: they are sent once more, drifted.
            later: records that arrive in the lake when the alarm has gone off; without any, the
                lake has newer ones than the last training already.
        """
        timeline = self._timeline
        monitor = self._findings["monitor"] = {"alarm": "OK", "retrained": False}
        with timeline.step("capture"):
            self._wait_for_captures(answers)
        with timeline.step("monitor"):
            reference, found, window = self._check_batches(answers, rows)
        if not found.violations:
            for step in ("alarm", "retrain"):
                timeline.skip(step, "nothing drifted")
            return
        with timeline.step("alarm"):
            decision = self._expect_alarm(found)
            monitor["alarm"] = "ALARM"
            if later and decision["start"]:
                raise StepFailedError(
                    f"a training began without newer records: {decision['reason']}"
                )
        if later and reference.violations >= self._retraining.alarm_threshold():
            timeline.skip("retrain", "the alarm stays on: held-out rows set it off, too")
            return
        with timeline.step("retrain"):
            if later:
                self._expect_calm(answers)
                decision = self._expect_alarm_again(later, window)
            self._retrain(decision)

    def _wait_for_captures(self, answers: Answers) -> None:
        found = self._captures.wait_for(answers.inference_ids)
        self._findings["endpoint"]["captured"] = len(found)
        requests = len(answers.inference_ids)
        self._timeline.say("capture", f"{len(found)} of {requests} requests captured")

    def _check_batches(self, answers: Answers, rows: list[Row]) -> tuple[Check, Check, Window]:
        """What was found in the rows as they are and drifted, and the window of the latter."""
        package = served_package(self._aws, self._stage)
        if package is None:
            raise StepFailedError("no model is being served: there is no baseline to compare with")
        baseline = baseline_uri(self._aws, self._stage, package)
        self._findings["monitor"]["baseline_uri"] = baseline
        window = self._captures.window(answers.inference_ids)
        reference = self._check("reference_batch", window, "held-out rows")
        others = drifted(self._aws, self._stage, baseline, rows, answers)
        self._timeline.say("monitor", f"sending the same rows {others.how}")
        sent = ask(self._aws, self._stage, others.rows, batch="drifted")
        self._captures.wait_for(sent.inference_ids)
        window = self._captures.window(sent.inference_ids)
        found = self._check("drifted_batch", window, f"the same rows {others.how}")
        self._timeline.say(
            "monitor",
            f"violations: {reference.violations} in held-out rows, {found.violations} {others.how}",
        )
        return reference, found, window

    def _check(self, batch: str, window: Window, what: str) -> Check:
        found = self._checked(window)
        note_check(self._findings, batch, found, what=what)
        return found

    def _checked(self, window: Window) -> Check:
        """One that fails is asked for again, as the next full hour would, and sets nothing off."""
        for _ in range(self._attempts - 1):
            alarm = self._retraining.alarm_state()
            try:
                return check(self._aws, self._stage, window)
            except StepFailedError as error:
                self._timeline.note("monitor", "check failed", str(error))
                if self._retraining.alarm_state() != alarm:
                    raise StepFailedError(
                        f"a check that failed changed the alarm: {error}"
                    ) from error
        return check(self._aws, self._stage, window)

    def _expect_alarm(self, found: Check) -> Decision:
        """It goes off; returns what was decided then."""
        self._retraining.wait_for_state("ALARM")
        self._timeline.note("alarm", "OK -> ALARM", f"{found.violations} violations")
        decision = self._decision()
        self._timeline.say("alarm", f"ALARM; {decision['reason']}")
        return decision

    def _expect_calm(self, answers: Answers) -> None:
        """A check of the rows as they are ends the alarm.

        While it is on, the hourly question would start a training with as many of the later
        records as have arrived.
        """
        self._timeline.say("retrain", "checking the held-out rows once more")
        self._checked(self._captures.window(answers.inference_ids))
        self._retraining.wait_for_state("OK")
        self._timeline.note("alarm", "ALARM -> OK", "a check found the held-out rows as they were")

    def _expect_alarm_again(self, later: Sequence[bytes], window: Window) -> Decision:
        """New records, then the drifted rows of `window` once more; what was decided then."""
        timeline = self._timeline
        self._deliveries.send(later, "retrain")
        timeline.note("retrain", "new records", f"{len(later)} more were sent")
        timeline.say("retrain", "checking the drifted rows once more")
        self._checked(window)
        self._retraining.wait_for_state("ALARM")
        timeline.note("alarm", "OK -> ALARM", "once more, now with newer records in the lake")
        return self._decision()

    def _retrain(self, decision: Decision) -> None:
        """Follow the training that was decided on."""
        timeline = self._timeline
        training = self._retraining.training(decision)
        follower = TrainingFollower(self._aws, self._stage, timeline, within="retrain")
        run = follower.follow(training["executionArn"])
        note_retraining(
            self._findings, self._stage, run, cause=json.loads(training["input"])["cause"]
        )
        compared = _compared(run)
        if run.model_package_arn is None:
            timeline.note("model", "kept the one in service", compared)
            timeline.say("retrain", f"{compared}: the model in service stays")
            return
        timeline.note("model", "registered", compared)
        self._serve(run)
        timeline.say("retrain", f"{compared}: registered and in service")

    def _serve(self, run: TrainingRun) -> None:
        assert run.model_package_arn is not None
        note_training(self._aws, self._findings, run)
        wait_until_served(self._aws, self._stage, run.model_package_arn)
        version = run.model_package_arn.rsplit("/", 1)[-1]
        self._timeline.note("model", "in service", f"version {version}")
        rows = held_out_rows(self._aws, run.summary["prepared_uri"])
        answers = ask(self._aws, self._stage, rows, batch="retrained")
        note_answers(self._findings, self._stage, answers)
        captured = self._captures.wait_for(answers.inference_ids)
        self._findings["endpoint"]["captured"] = len(captured)

    def _decision(self) -> Decision:
        decision = self._retraining.wait_for_decision()
        what = "training started" if decision["start"] else "nothing started"
        self._timeline.note("retrain", what, decision["reason"])
        return decision


def _compared(run: TrainingRun) -> str:
    value, serving = run.output["metric_value"], run.output["serving_metric_value"]
    judged = "not judged, without labels" if value is None else f"{value:.4f}"
    against = "not compared" if serving is None else f"against {serving:.4f} in service"
    return f"{judged}, {against}" if serving is None else f"{judged} {against}"
