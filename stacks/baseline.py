"""The step of a deployment that makes the baseline which the new model is watched by."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipelines.spec import Monitor
from stacks.described_package import PREPARED_URI, RUN
from stacks.glue_run import glue_run
from stacks.names import BASELINES_PREFIX

# the managed job definition names one address for good
MANAGED_BASELINE_PREFIX = f"{BASELINES_PREFIX}current/"


def baseline_uri(lake: s3.IBucket) -> str:
    """The intrinsic function that gives the address of the baseline of the package's run."""
    folder = lake.s3_url_for_object(BASELINES_PREFIX)
    return f"States.Format('{folder}{{}}/', {RUN})"


@dataclass(frozen=True)
class Baseline:
    """Made of the training rows of the run that the approved package comes from."""

    job: glue.IJob
    monitor: Monitor
    lake: s3.IBucket

    def state(self, scope: Construct) -> sfn.CustomState:
        """MakeBaseline; its input holds what described_package has found."""
        managed = self.monitor.engine == "model-monitor"
        address = (
            {"--baseline_uri": self.lake.s3_url_for_object(MANAGED_BASELINE_PREFIX)}
            if managed
            else {"--baseline_uri.$": baseline_uri(self.lake)}
        )
        rows = "baseline" if self.monitor.of == "answers" else "train"
        return glue_run(
            scope,
            "MakeBaseline",
            job=self.job,
            arguments={
                "--purpose": "baseline",
                "--training_uri.$": f"States.Format('{{}}{rows}/', {PREPARED_URI})",
                **address,
                "--distance": self.monitor.distance,
                "--drift_threshold": f"{self.monitor.drift_threshold:g}",
            },
            result={"job_run.$": "$.Id"},
            result_path="$.baseline",
        )
