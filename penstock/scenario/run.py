"""The whole scenario: feed, train, serve, ask, score; then drift, alarm, a training by itself."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.deliveries import Deliveries
from penstock.scenario.findings import Findings, note_answers, note_training
from penstock.scenario.portions import portions
from penstock.scenario.progress import Timeline
from penstock.scenario.replay import Replay
from penstock.scenario.rows import Row, held_out_rows
from penstock.scenario.serving import Answers, ask, wait_until_deployed, wait_until_served
from penstock.scenario.switch import switched_off
from penstock.scenario.training import TrainingFailedError, TrainingFollower, TrainingRun
from penstock.scenario.watch import Watch

_WATCHED = ("MonitorStateMachineArn", "MonitorAlarmName", "RetrainStateMachineArn")


class Scenario:
    """One run against one deployed stage; `findings` grows as the run goes on.

    The parts of `findings` are those of report.json: records, training, metrics, endpoint, model,
    anomaly, monitor, retraining, not_served; `anomaly_drawing` is what anomaly.json holds. If not
    `alone`, other producers may put records on the stream meanwhile. A first model that does not
    come into service is given up after so many `attempts`, each a training of its own, and a check
    of the monitor that fails after as many.
    """

    def __init__(
        self, aws: Aws, stage: Stage, timeline: Timeline, *, alone: bool = True, attempts: int = 1
    ) -> None:
        self._aws = aws
        self._stage = stage
        self._timeline = timeline
        self._attempts = attempts
        self.findings: Findings = {"metrics": {}}
        self._deliveries = Deliveries(aws, stage, timeline, self.findings, alone=alone)

    def run(self, records: Sequence[bytes]) -> None:
        """Everything the stage can do; StepFailedError ends the run at the step that failed.

        With serving switched off the run ends well before the endpoint would be asked.
        """
        is_scored = "ScoringFunctionName" in self._stage.outputs
        is_watched = all(output in self._stage.outputs for output in _WATCHED)
        goes_on = (is_watched or is_scored) and switched_off(self._aws, self._stage) is None
        first, later = portions(records, is_scored=is_scored) if goes_on else (records, [])
        asked = self.bring_into_service(first)
        if asked is None or not goes_on:
            return
        answers, rows = asked
        parts = (self._aws, self._stage, self._timeline, self.findings, self._deliveries)
        if is_scored:
            Replay(*parts).go(first, later)
        if is_watched:
            Watch(*parts, attempts=self._attempts).go(answers, rows, [] if is_scored else later)

    def bring_into_service(self, records: Sequence[bytes]) -> tuple[Answers, list[Row]] | None:
        """From ingest to invoke; returns what the endpoint answered, and the rows asked about.

        None with serving switched off: `findings` says why under not_served.
        """
        self.ingest(records)
        off = switched_off(self._aws, self._stage)
        training = self._train_and_serve(off=off)
        if off is not None:
            self.findings["not_served"] = off
            self._timeline.skip("invoke", "serving is switched off")
            return None
        with self._timeline.step("invoke"):
            rows = held_out_rows(self._aws, training.summary["prepared_uri"])
            answers = ask(self._aws, self._stage, rows, batch="reference")
            note_answers(self.findings, self._stage, answers)
            self._timeline.say("invoke", answers.sentence)
        return answers, rows

    def ingest(self, records: Sequence[bytes]) -> None:
        """Send the records and wait until each of them is accounted for."""
        with self._timeline.step("ingest"):
            self._deliveries.send(records, "ingest")

    def train(self) -> TrainingRun:
        """Prepare, train, gate, register: one execution of the training state machine."""
        follower = TrainingFollower(self._aws, self._stage, self._timeline)
        try:
            run = follower.follow(follower.start())
        except TrainingFailedError as error:
            note_training(self._aws, self.findings, error.run)
            raise
        note_training(self._aws, self.findings, run)
        return run

    def _train_and_serve(self, *, off: str | None) -> TrainingRun:
        for _ in range(self._attempts - 1):
            try:
                return self._once(off=off)
            except StepFailedError as error:
                self._timeline.note("retrain", "begun again", str(error))
        return self._once(off=off)

    def _once(self, *, off: str | None) -> TrainingRun:
        training = self.train()
        self._serve(training, off=off)
        return training

    def _serve(self, training: TrainingRun, *, off: str | None) -> None:
        timeline = self._timeline
        if training.model_package_arn is None:
            for step in ("register", "baseline", "serve"):
                timeline.skip(step, "the model in service is as good")
            return
        wait = wait_until_served if off is None else wait_until_deployed
        try:
            wait(self._aws, self._stage, training.model_package_arn, timeline)
        except StepFailedError as error:
            timeline.fail(timeline.running() or "serve", str(error))
            raise
        version = training.model_package_arn.rsplit("/", 1)[-1]
        where = "in service" if off is None else "waits until serving is switched on"
        timeline.note("model", where, f"version {version}")
