"""The states that leave out of a training the channel that nobody had labels for."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipelines.spec import Pipeline
from stacks.input_channels import input_channels
from stacks.names import PREPARED_PREFIX
from stacks.permission import Permission, allow
from stacks.sdk_call import sdk_call

OBJECTS = "$.labels.objects"  # 0 or 1: how many were found


class OptionalChannel(Construct):
    """LookForLabels to WithLabels or WithoutLabels; then the training, which is one state.

    SageMaker fails a job with a channel that has no object, so the channel of the gate's metric is
    left out where the prepare job wrote none. The input has run and prepared_uri; the output adds
    what OBJECTS points to and, at INPUT, the job's InputDataConfig.
    """

    INPUT = "$.channels.input"

    def __init__(
        self, scope: Construct, construct_id: str, *, pipeline: Pipeline, lake: s3.IBucket
    ) -> None:
        super().__init__(scope, construct_id)
        self._training = pipeline.training
        self._channel = pipeline.gate.channel
        self._lake = lake

    def states(self, *, then: sfn.IChainable) -> sfn.Chain:
        """The states, ending in `then`."""
        look = sdk_call(
            self,
            "LookForLabels",
            "s3:listObjectsV2",
            {
                "Bucket": self._lake.bucket_name,
                "Prefix.$": f"States.Format('{PREPARED_PREFIX}{{}}/{self._channel}/', $.run)",
                "MaxKeys": 1,
            },
            result_path="$.labels",
            # always in the answer, which Contents is not (S3 API reference, ListObjectsV2)
            result_selector={"objects.$": "$.KeyCount"},
        )
        return look.next(
            sfn.Choice(self, "HasLabels", state_name="HasLabels")
            .when(
                sfn.Condition.number_greater_than(OBJECTS, 0),
                self._give("WithLabels", input_channels(self._training)).next(then),
            )
            .otherwise(
                self._give(
                    "WithoutLabels", input_channels(self._training, without=self._channel)
                ).next(then)
            )
        )

    def _give(self, name: str, channels: list[dict[str, Any]]) -> sfn.CustomState:
        return sfn.CustomState(
            self,
            name,
            state_json={
                "Type": "Pass",
                "Parameters": {"input": channels},
                "ResultPath": "$.channels",
            },
        )

    def permissions(self) -> list[Permission]:
        """Listing that one channel of each run; names of objects are not encrypted with KMS.

        Service authorization reference, Amazon S3: ListObjectsV2 is s3:ListBucket.
        """
        return [
            allow(
                ["s3:ListBucket"],
                [self._lake.bucket_arn],
                conditions={"StringLike": {"s3:prefix": f"{PREPARED_PREFIX}*/{self._channel}/"}},
            )
        ]
