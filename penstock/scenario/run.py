"""The whole scenario: feed the stream, follow the training, wait for the endpoint, ask it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from penstock.scenario.account import Bookkeeper, RecordAccount
from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.feed import feed
from penstock.scenario.progress import Timeline
from penstock.scenario.serving import ask, wait_until_served
from penstock.scenario.training import TrainingFailedError, TrainingFollower, TrainingRun


class Scenario:
    """One run against one deployed stage; `findings` grows as the run goes on.

    The parts of `findings` are those of report.json: records, training, metrics, endpoint, model.
    If not `alone`, other producers may put records on the stream meanwhile.
    """

    def __init__(self, aws: Aws, stage: Stage, timeline: Timeline, *, alone: bool = True) -> None:
        self._aws = aws
        self._stage = stage
        self._timeline = timeline
        self._alone = alone
        self.findings: dict[str, Any] = {"metrics": {}}

    def run(self, records: Sequence[bytes]) -> None:
        """All steps from ingest to invoke; StepFailedError ends the run at the step that failed."""
        self.ingest(records)
        training = self.train()
        assert training.model_package_arn is not None
        with self._timeline.step("serve"):
            wait_until_served(self._aws, self._stage, training.model_package_arn)
        with self._timeline.step("invoke"):
            self._ask(training)

    def ingest(self, records: Sequence[bytes]) -> None:
        """Send the records and wait until each of them is accounted for."""
        with self._timeline.step("ingest"):
            keeper = Bookkeeper(self._aws, self._stage, since_ms=int(time.time() * 1000))
            account = keeper.account
            try:
                account.sent, account.failed["source"] = feed(
                    self._aws.client("kinesis"),
                    stream_name=self._stage["StreamName"],
                    records=records,
                    sent_so_far=lambda n: self._timeline.say(
                        "ingest", f"{n} of {len(records)} sent"
                    ),
                )
                self._aws.wait_for(
                    f"the {account.sent} records that were sent",
                    lambda: self._balanced(keeper),
                    progress=lambda: account.accounted,
                )
            finally:
                keeper.explain_failures()
                self.findings["records"] = asdict(account)

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

    def _balanced(self, keeper: Bookkeeper) -> RecordAccount | None:
        account = keeper.look()
        self._timeline.say("ingest", f"{account.accounted} of {account.sent} accounted for")
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
            "log_group": "/aws/sagemaker/TrainingJobs",
            "failure_reason": job.get("FailureReason"),
        }
        self.findings["model"] = {
            "artifact": job.get("ModelArtifacts", {}).get("S3ModelArtifacts"),
            "model_package_arn": run.model_package_arn,
        }
        for metric in job.get("FinalMetricDataList", []):
            self.findings["metrics"][metric["MetricName"]] = metric["Value"]

    def _ask(self, run: TrainingRun) -> None:
        answers = ask(self._aws, self._stage, run.summary["prepared_uri"])
        self.findings["metrics"]["endpoint_accuracy"] = answers.accuracy
        self.findings["endpoint"] = {
            "name": self._stage["EndpointName"],
            "invocations": answers.invocations,
            "rows": answers.rows,
        }
        self._timeline.say("invoke", f"{answers.rows} rows, accuracy {answers.accuracy:.3f}")
