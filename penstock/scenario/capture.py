"""The captured requests of an endpoint: waits for them in the lake, and when they were made."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from penstock.scenario.aws import Aws, Stage, StepFailedError


@dataclass(frozen=True)
class Window:
    """A span of time in UTC, its end not included."""

    start: datetime
    end: datetime

    @property
    def given(self) -> dict[str, str]:
        """As the input of the monitor's state machine."""
        return {
            "window_start": f"{self.start:%Y-%m-%dT%H:%M:%SZ}",
            "window_end": f"{self.end:%Y-%m-%dT%H:%M:%SZ}",
        }


class Captures:
    """Reads the endpoint's capture files, each once."""

    def __init__(self, aws: Aws, stage: Stage) -> None:
        self._aws = aws
        self._stage = stage
        self._s3 = aws.client("s3")
        self._read: set[str] = set()
        self._times: dict[str, datetime] = {}

    def wait_for(self, inference_ids: Collection[str]) -> set[str]:
        """Wait until these requests are in the files; returns those that are.

        With a sample below 100 percent one of them is enough: no one knows how many will come.
        """
        needed = len(inference_ids) if self._percentage() == 100 else 1
        return self._aws.wait_for(
            f"{needed} of {len(inference_ids)} requests in the capture files",
            lambda: self._found(inference_ids, needed),
            progress=lambda: len(self._times),
        )

    def window(self, inference_ids: Collection[str]) -> Window:
        """The time from the first to the last of these requests, as captured."""
        times = [self._times[name] for name in inference_ids if name in self._times]
        if not times:
            raise StepFailedError("none of the requests was captured: there is nothing to check")
        return Window(min(times), max(times) + timedelta(seconds=1))

    def _percentage(self) -> int:
        sagemaker = self._aws.client("sagemaker")
        endpoint = sagemaker.describe_endpoint(EndpointName=self._stage["EndpointName"])
        settings: dict[str, Any] = sagemaker.describe_endpoint_config(
            EndpointConfigName=endpoint["EndpointConfigName"]
        ).get("DataCaptureConfig", {})
        if not settings.get("EnableCapture"):
            raise StepFailedError(
                f"endpoint {self._stage['EndpointName']} captures nothing: "
                "deploy the stage with this version, then a model"
            )
        percentage: int = settings["InitialSamplingPercentage"]
        return percentage

    def _found(self, inference_ids: Collection[str], needed: int) -> set[str] | None:
        self._look()
        found = self._times.keys() & set(inference_ids)
        return found if len(found) >= needed else None

    def _look(self) -> None:
        bucket = self._stage["LakeBucketName"]
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=f"{self._stage['CapturePrefix']}{self._stage['EndpointName']}/"
        )
        for item in (item for page in pages for item in page.get("Contents", [])):
            if item["Key"] in self._read:
                continue
            self._read.add(item["Key"])
            body = self._s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
            for line in body.splitlines():
                about = json.loads(line)["eventMetadata"]
                if "inferenceId" in about:
                    self._times[about["inferenceId"]] = datetime.fromisoformat(
                        about["inferenceTime"]
                    )
