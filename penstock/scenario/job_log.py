"""What the log of a training job says while the job runs."""

from __future__ import annotations

from penstock.scenario.aws import Aws

TRAINING_LOGS = "/aws/sagemaker/TrainingJobs"
_EPOCH = "epoch="
_SHOWN_CHARACTERS = 100


class JobLog:
    """Reads on from where it was; `newest_ms` changes as long as the job has something to say.

    `epoch_line` is the newest line about an epoch, cut to what fits a line of a terminal.
    """

    def __init__(self, aws: Aws, job_name: str) -> None:
        self._logs = aws.client("logs")
        self._job_name = job_name
        self.newest_ms = 0
        self.epoch_line = ""

    def look(self) -> None:
        """Read what is new; a job that has not begun has no log."""
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=TRAINING_LOGS,
            logStreamNamePrefix=f"{self._job_name}/",
            startTime=self.newest_ms,
        )
        try:
            for page in pages:
                for event in page["events"]:
                    self.newest_ms = max(self.newest_ms, event["timestamp"])
                    if _EPOCH in event["message"]:
                        self.epoch_line = event["message"].strip()[:_SHOWN_CHARACTERS]
        except self._logs.exceptions.ResourceNotFoundException:
            return
