"""Waiting with patience, a stage's outputs, and the timeline of steps."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.progress import Step, Timeline


def patient(seconds: float) -> Aws:
    return Aws(client=lambda _service: None, poll_seconds=0.01, patience_seconds=seconds)


def test_progress_renews_the_patience() -> None:
    looks = itertools.count(1)

    def look() -> str | None:
        return "here" if next(looks) > 30 else None

    steps = itertools.count()
    assert patient(0.1).wait_for("it", look, progress=lambda: next(steps)) == "here"


def test_without_progress_the_patience_ends() -> None:
    with pytest.raises(StepFailedError, match="for the endpoint, in vain"):
        patient(0.05).wait_for("the endpoint", lambda: None, progress=lambda: 7)


class CloudFormation:
    """Three pages of stacks."""

    pages = (
        [("digits-dev-lake", {"LakeBucketName": "mine"}), ("digits-dev2-lake", {"Other": "x"})],
        [("digits-dev-serving", {"EndpointName": "digits-dev"}), ("bare", None)],
        # of a pipeline that is called digits-dev, in an environment x
        [("digits-dev-x-lake", {"LakeBucketName": "not mine"})],
    )

    def get_paginator(self, _operation: str) -> CloudFormation:
        return self

    def paginate(self) -> Any:
        for page in self.pages:
            yield {
                "Stacks": [
                    {
                        "StackName": name,
                        "Outputs": [
                            {"OutputKey": k, "OutputValue": v} for k, v in (outputs or {}).items()
                        ],
                    }
                    for name, outputs in page
                ]
            }


def read(environment: str) -> Stage:
    aws = Aws(client=lambda _service: CloudFormation(), poll_seconds=0, patience_seconds=0)
    return Stage.read(aws, pipeline="digits", environment=environment)


def test_a_stage_is_all_its_stacks_and_no_others() -> None:
    assert read("dev").outputs == {"LakeBucketName": "mine", "EndpointName": "digits-dev"}


def test_a_stage_or_an_output_that_is_missing_is_named() -> None:
    with pytest.raises(StepFailedError, match=r"no deployed stack is called digits-prod-\.\.\."):
        read("prod")
    with pytest.raises(StepFailedError, match="has an output StreamName"):
        read("dev")["StreamName"]


class Record:
    """Remembers what was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, str]] = []

    def changed(self, step: Step) -> None:
        self.shown.append((step.name, step.status))


def test_a_step_that_raises_has_failed_and_the_rest_is_skipped() -> None:
    record = Record()
    timeline = Timeline(record)
    with timeline.step("synth"):
        pass
    with pytest.raises(StepFailedError), timeline.step("deploy"):
        raise StepFailedError("no room")
    timeline.skip_rest()
    assert timeline.failed_step() == "deploy"
    assert timeline.steps["deploy"].detail == "no room"
    assert timeline.steps["synth"].status == "succeeded"
    assert {timeline.steps[name].status for name in ("ingest", "train", "invoke")} == {"skipped"}
    assert record.shown[:4] == [
        ("synth", "running"),
        ("synth", "succeeded"),
        ("deploy", "running"),
        ("deploy", "failed"),
    ]
