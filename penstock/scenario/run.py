"""The whole scenario: feed, train, serve, ask; then drift, alarm, and a training by itself."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from penstock.scenario.account import Bookkeeper, RecordAccount
from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.capture import Captures
from penstock.scenario.feed import feed
from penstock.scenario.learning_curve import TRAINING_LOGS, learning_curve
from penstock.scenario.monitoring import Check, baseline_uri, check, inverted
from penstock.scenario.progress import Timeline
from penstock.scenario.retraining import Retraining
from penstock.scenario.serving import (
    Answers,
    Row,
    ask,
    confusion_matrix,
    held_out_rows,
    served_package,
    wait_until_served,
)
from penstock.scenario.training import TrainingFailedError, TrainingFollower, TrainingRun

# Of ten records so many are sent first; the others arrive when the model is in service already.
_FIRST_OF_TEN = 7


class Scenario:
    """One run against one deployed stage; `findings` grows as the run goes on.

    The parts of `findings` are those of report.json: records, training, metrics, endpoint, model,
    monitor, retraining. If not `alone`, other producers may put records on the stream meanwhile.
    """

    def __init__(self, aws: Aws, stage: Stage, timeline: Timeline, *, alone: bool = True) -> None:
        self._aws = aws
        self._stage = stage
        self._timeline = timeline
        self._alone = alone
        self._keeper: Bookkeeper | None = None
        self.findings: dict[str, Any] = {"metrics": {}}

    def run(self, records: Sequence[bytes]) -> None:
        """Everything the stage can do; StepFailedError ends the run at the step that failed."""
        monitored, retrained = "MonitorStateMachineArn", "RetrainStateMachineArn"
        if monitored not in self._stage.outputs or retrained not in self._stage.outputs:
            self.bring_into_service(records)
            return
        first = [record for place, record in enumerate(records) if place % 10 < _FIRST_OF_TEN]
        later = [record for place, record in enumerate(records) if place % 10 >= _FIRST_OF_TEN]
        asked, rows = self.bring_into_service(first)
        self._watch(asked, rows, later)

    def bring_into_service(self, records: Sequence[bytes]) -> tuple[Answers, list[Row]]:
        """From ingest to invoke; returns what the endpoint answered, and the rows asked about."""
        self.ingest(records)
        training = self.train()
        self._serve(training)
        with self._timeline.step("invoke"):
            rows = held_out_rows(self._aws, training.summary["prepared_uri"])
            return self._ask(rows, "reference"), rows

    def ingest(self, records: Sequence[bytes]) -> None:
        """Send the records and wait until each of them is accounted for."""
        with self._timeline.step("ingest"):
            self._send(records, "ingest")

    def train(self) -> TrainingRun:
        """Prepare, train, gate, register: one execution of the training state machine."""
        follower = TrainingFollower(self._aws, self._stage, self._timeline)
        try:
            run = follower.follow(follower.start())
        except TrainingFailedError as error:
            self._note(error.run)
            raise
        self._note(run)
        return run

    def _serve(self, training: TrainingRun) -> None:
        timeline = self._timeline
        if training.model_package_arn is None:
            for step in ("register", "baseline", "serve"):
                timeline.skip(step, "the model that is being served is as good")
            return
        try:
            wait_until_served(self._aws, self._stage, training.model_package_arn, timeline)
        except StepFailedError as error:
            timeline.fail(timeline.running() or "serve", str(error))
            raise
        timeline.note("model", "in service", training.model_package_arn.rsplit("/", 1)[-1])

    def _watch(self, asked: Answers, rows: list[Row], later: Sequence[bytes]) -> None:
        """Capture, monitor, alarm, retrain; the endpoint has been asked about the rows."""
        timeline, monitor = self._timeline, self.findings.setdefault("monitor", {})
        captures = Captures(self._aws, self._stage)
        with timeline.step("capture"):
            self._count_captured(captures, asked)
        retraining = Retraining(self._aws, self._stage)
        with timeline.step("monitor"):
            drifted = self._check_batches(captures, asked, rows)
        with timeline.step("alarm"):
            alarmed = self._expect_alarm(retraining, drifted)
        monitor |= {"alarm": retraining.alarm_state(), "retrained": False}
        if not alarmed:
            timeline.skip("retrain", "nothing drifted")
            return
        with timeline.step("retrain"):
            self._retrain(retraining, later, captures)

    def _count_captured(self, captures: Captures, asked: Answers) -> None:
        found = captures.wait_for(asked.inference_ids)
        self.findings["endpoint"]["captured"] = len(found)
        self._timeline.say(
            "capture", f"{len(found)} of {len(asked.inference_ids)} requests captured"
        )

    def _check_batches(self, captures: Captures, asked: Answers, rows: list[Row]) -> Check:
        monitor = self.findings["monitor"]
        package = served_package(self._aws, self._stage)
        if package is None:
            raise StepFailedError("no model is being served: there is no baseline to compare with")
        baseline = baseline_uri(self._aws, self._stage, package)
        monitor["baseline_uri"] = baseline
        reference = self._check(captures, asked)
        monitor["reference_batch"] = {
            "rows": reference.rows,
            "violations": reference.violations,
            "report_uri": reference.report_uri,
        }
        self._timeline.say("monitor", "sending the same rows inverted")
        drifted_rows = inverted(self._aws, baseline, rows)
        sent = ask(self._aws, self._stage, drifted_rows, batch="drifted")
        captures.wait_for(sent.inference_ids)
        drifted = self._check(captures, sent)
        monitor["drifted_batch"] = {
            "rows": drifted.rows,
            "violations": drifted.violations,
            "features": list(drifted.features),
            "report_uri": drifted.report_uri,
        }
        self._timeline.say(
            "monitor",
            f"reference {reference.violations} violations, inverted {drifted.violations}",
        )
        return drifted

    def _check(self, captures: Captures, asked: Answers) -> Check:
        return check(self._aws, self._stage, captures.window(asked.inference_ids))

    def _expect_alarm(self, retraining: Retraining, drifted: Check) -> bool:
        """Whether it went off; then nothing may have been started, for no newer data is there."""
        if not drifted.violations:
            self._timeline.say("alarm", "no violation, no alarm")
            return False
        retraining.wait_for_state("ALARM")
        self._timeline.note("alarm", "OK -> ALARM", f"{drifted.violations} violations")
        decision = retraining.wait_for_decision()
        self._timeline.note("retrain", _what(decision), decision["reason"])
        self._timeline.say("alarm", f"ALARM; {decision['reason']}")
        if decision["start"]:
            raise StepFailedError(f"a training began without newer records: {decision['reason']}")
        return True

    def _retrain(self, retraining: Retraining, later: Sequence[bytes], captures: Captures) -> None:
        timeline = self._timeline
        self._send(later, "retrain")
        timeline.note("retrain", "new records", f"{len(later)} more have arrived")
        retraining.raise_again()
        retraining.wait_for_state("ALARM")
        timeline.note("alarm", "OK -> ALARM", "once more, now with newer records in the lake")
        decision = retraining.wait_for_decision()
        timeline.note("retrain", _what(decision), decision["reason"])
        if not decision["start"]:
            raise StepFailedError(f"no training began: {decision['reason']}")
        self.findings["monitor"]["retrained"] = True
        follower = TrainingFollower(self._aws, self._stage, timeline, within="retrain")
        run = follower.follow(retraining.training(decision["name"]))
        output = run.output
        self.findings["retraining"] = {
            "cause": decision["cause"],
            "job_name": run.job["TrainingJobName"],
            "metric": self._stage["GateMetric"],
            "value": output["metric_value"],
            "serving_value": output["serving_metric_value"],
            "registered": output["registered"],
            "model_package_arn": run.model_package_arn,
        }
        compared = f"{output['metric_value']:.4f} against {output['serving_metric_value']:.4f}"
        if run.model_package_arn is None:
            timeline.note("model", "kept the one in service", compared)
            timeline.say("retrain", f"{compared}: the model in service stays")
            return
        timeline.note("model", "registered", compared)
        self._note(run)
        wait_until_served(self._aws, self._stage, run.model_package_arn)
        timeline.note("model", "in service", run.model_package_arn.rsplit("/", 1)[-1])
        asked = self._ask(held_out_rows(self._aws, run.summary["prepared_uri"]), "retrained")
        self._count_captured_again(captures, asked)
        timeline.say("retrain", f"{compared}: registered and in service")

    def _count_captured_again(self, captures: Captures, asked: Answers) -> None:
        self.findings["endpoint"]["captured"] = len(captures.wait_for(asked.inference_ids))

    def _send(self, records: Sequence[bytes], step: str) -> None:
        if self._keeper is None:
            self._keeper = Bookkeeper(self._aws, self._stage, since_ms=int(time.time() * 1000))
        keeper, account = self._keeper, self._keeper.account
        before = account.sent
        try:
            sent, failed = feed(
                self._aws.client("kinesis"),
                stream_name=self._stage["StreamName"],
                records=records,
                sent_so_far=lambda n: self._timeline.say(step, f"{n} of {len(records)} sent"),
            )
            account.sent += sent
            account.failed["source"] += failed
            self._aws.wait_for(
                f"the {sent} records that were sent",
                lambda: self._balanced(keeper, step, before),
                progress=lambda: account.accounted,
            )
        finally:
            keeper.explain_failures()
            self.findings["records"] = {**asdict(account), "unique": self._unique}

    @property
    def _unique(self) -> int | None:
        records = self.findings.get("records", {})
        unique: int | None = records.get("unique")
        return unique

    def _balanced(self, keeper: Bookkeeper, step: str, before: int) -> RecordAccount | None:
        account = keeper.look()
        self._timeline.say(
            step,
            f"{account.accounted - before} of {account.sent - before} accounted for",
        )
        if account.accounted > account.sent and not self._alone:
            return account
        if account.accounted > account.sent:
            raise StepFailedError(
                f"{account.accounted} records accounted for, but only {account.sent} were sent: "
                "is another producer at work?"
            )
        return account if account.balanced else None

    def _note(self, run: TrainingRun) -> None:
        job, summary = run.job, run.summary
        if "records" in self.findings and summary:
            self.findings["records"]["unique"] = summary["unique"]
        if not job:
            return
        image = job["AlgorithmSpecification"]["TrainingImage"]
        channels = job["InputDataConfig"]
        self.findings["training"] = {
            "job_name": job["TrainingJobName"],
            "algorithm": image.rsplit("/", 1)[-1].split(":")[0],
            "image": image,
            "input_mode": channels[0].get(
                "InputMode", job["AlgorithmSpecification"]["TrainingInputMode"]
            ),
            "content_type": channels[0].get("ContentType"),
            "channels": {
                channel["ChannelName"]: summary["channels"][channel["ChannelName"]]
                for channel in channels
                if channel["ChannelName"] in summary.get("channels", {})
            },
            "learning_curve": learning_curve(self._aws, job["TrainingJobName"]),
            "log_group": TRAINING_LOGS,
            "failure_reason": job.get("FailureReason"),
        }
        self.findings["model"] = {
            "artifact": job.get("ModelArtifacts", {}).get("S3ModelArtifacts"),
            "model_package_arn": run.model_package_arn,
        }
        for metric in job.get("FinalMetricDataList", []):
            self.findings["metrics"][metric["MetricName"]] = metric["Value"]

    def _ask(self, rows: list[Row], batch: str) -> Answers:
        answers = ask(self._aws, self._stage, rows, batch=batch)
        self.findings["metrics"]["endpoint_accuracy"] = answers.accuracy
        self.findings["endpoint"] = {
            "name": self._stage["EndpointName"],
            "invocations": len(answers.inference_ids),
            "rows": answers.rows,
            "captured": 0,
            "confusion": confusion_matrix(answers.confusion),
        }
        self._timeline.say(
            self._timeline.running() or "invoke",
            f"{answers.rows} rows, accuracy {answers.accuracy:.3f}",
        )
        return answers


def _what(decision: dict[str, Any]) -> str:
    return "training started" if decision["start"] else "nothing started"
