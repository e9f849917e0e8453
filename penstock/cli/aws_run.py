"""`penstock run --on aws`: the same scenario against stacks that are deployed already."""

from __future__ import annotations

import functools

import boto3
from botocore.exceptions import NoCredentialsError, NoRegionError, PartialCredentialsError

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
        """Drive the deployed stage; UsageError without credentials or region."""
        for step in ("synth", "deploy"):
            self.timeline.skip(step, "the stage is deployed already")
        client = functools.cache(boto3.Session().client)
        try:
            client("sts").get_caller_identity()
        except (NoCredentialsError, NoRegionError, PartialCredentialsError) as error:
            raise UsageError(
                f"--on aws: {error} Set AWS_PROFILE, or AWS_ACCESS_KEY_ID, "
                "AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION"
            ) from error
        aws = Aws(client, poll_seconds=_POLL_SECONDS, patience_seconds=_PATIENCE_SECONDS)
        stage = Stage.read(aws, pipeline=self.pipeline, environment=self.environment)
        scenario = Scenario(aws, stage, self.timeline, alone=False)
        self.findings = scenario.findings
        try:
            scenario.run(self.records)
        finally:
            self.keep_monitor(client)
