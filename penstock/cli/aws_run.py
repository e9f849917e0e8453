"""`penstock run --on aws`: the same scenario against stacks that are deployed already."""

from __future__ import annotations

import functools

import boto3
from botocore.exceptions import ProfileNotFound

from penstock.cli.errors import UsageError
from penstock.cli.run import Run
from penstock.scenario.aws import Aws, Stage
from penstock.scenario.run import Scenario

_POLL_SECONDS = 5.0
# the longest silence of a step that goes well: a training instance, an endpoint in creation
_PATIENCE_SECONDS = 1800.0


class AwsRun(Run):
    """In real time, with the credentials and the region of the caller's environment.

    Logs and model stay where they are. Nothing is deleted: the records that it sends, the models
    that it trains and the endpoint remain, as after any other day of the pipeline.
    """

    def drive(self) -> None:
        """Drive the deployed stage."""
        for step in ("synth", "deploy"):
            self.timeline.skip(step, "the stage is deployed already")
        client = functools.cache(boto3.Session().client)
        aws = Aws(client, poll_seconds=_POLL_SECONDS, patience_seconds=_PATIENCE_SECONDS)
        stage = Stage.read(aws, pipeline=self.pipeline, environment=self.environment)
        scenario = Scenario(aws, stage, self.timeline, alone=False)
        self.findings = scenario.findings
        try:
            scenario.run(self.records)
        finally:
            self.keep_monitor(client)


def check_credentials() -> None:
    """UsageError if the environment names no credentials or no region, or a profile in vain."""
    try:
        session = boto3.Session()
    except ProfileNotFound as error:
        raise UsageError(f"--on aws: {error}") from error
    missing = [
        what
        for what, found in (
            ("credentials", session.get_credentials()),
            ("region", session.region_name),
        )
        if not found
    ]
    if missing:
        raise UsageError(
            f"--on aws: the environment has no {' and no '.join(missing)}: set AWS_PROFILE, or "
            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION"
        )
