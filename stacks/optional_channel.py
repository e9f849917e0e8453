"""The states that leave out of a training the channel that has nothing to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipelines.spec import Pipeline, ScriptTraining
from pipelines.spec.script_training import PRETRAINED_CHANNEL
from stacks.input_channels import file_channel, input_channels
from stacks.names import PREPARED_PREFIX, PRETRAINED_PREFIX
from stacks.permission import Permission, allow
from stacks.sdk_call import sdk_call

LABELS, WEIGHTS = "Labels", "Weights"
OBJECTS = "$.labels.objects"  # 0 or 1: how many were found


@dataclass(frozen=True)
class Sought:
    """What may be missing, and the job's InputDataConfig with and without it.

    `prefix` is the Prefix of S3's listing, or where the state finds it; `pattern` all that it can
    be.
    """

    name: str
    bucket: s3.IBucket
    prefix: dict[str, str]
    pattern: str
    present: Sequence[dict[str, Any]]
    absent: Sequence[dict[str, Any]]


def sought_channel(
    pipeline: Pipeline,
    *,
    lake: s3.IBucket,
    artifacts: s3.IBucket,
    always: Sequence[dict[str, Any]],
) -> Sought | None:
    """The channel that may be missing; `always` are those besides the description's."""
    training = pipeline.training
    if pipeline.gate.unlabelled == "register":
        return _labels(pipeline, lake=lake, always=always)
    if isinstance(training, ScriptTraining) and training.pretrained:
        return _weights(training, artifacts=artifacts, always=always)
    return None


def _labels(pipeline: Pipeline, *, lake: s3.IBucket, always: Sequence[dict[str, Any]]) -> Sought:
    """The channel of the gate's metric: nobody may have had labels for it."""
    channel = pipeline.gate.channel
    return Sought(
        name=LABELS,
        bucket=lake,
        prefix={"Prefix.$": f"States.Format('{PREPARED_PREFIX}{{}}/{channel}/', $.run)"},
        pattern=f"{PREPARED_PREFIX}*/{channel}/",
        present=[*input_channels(pipeline.training), *always],
        absent=[*input_channels(pipeline.training, without=channel), *always],
    )


def _weights(
    training: ScriptTraining, *, artifacts: s3.IBucket, always: Sequence[dict[str, Any]]
) -> Sought:
    """The weights to begin with: people may have put none there."""
    channels = [*input_channels(training), *always]
    address = {"S3Uri": artifacts.s3_url_for_object(PRETRAINED_PREFIX)}
    return Sought(
        name=WEIGHTS,
        bucket=artifacts,
        prefix={"Prefix": PRETRAINED_PREFIX},
        pattern=PRETRAINED_PREFIX,
        present=[*channels, file_channel(PRETRAINED_CHANNEL, address)],
        absent=channels,
    )


class OptionalChannel(Construct):
    """LookFor<name> to With<name> or Without<name>; then the training, which is one state.

    SageMaker fails a job with a channel that has no object, so such a channel is left out. The
    input has run and prepared_uri; the output adds, below the name in lower case, how many
    `objects` were found (0 or 1) and, at INPUT, the job's InputDataConfig.
    """

    INPUT = "$.channels.input"

    def __init__(self, scope: Construct, construct_id: str, *, sought: Sought) -> None:
        super().__init__(scope, construct_id)
        self._sought = sought

    def states(self, *, then: sfn.IChainable) -> sfn.Chain:
        """The states, ending in `then`."""
        sought = self._sought
        found = f"$.{sought.name.lower()}"
        look = sdk_call(
            self,
            f"LookFor{sought.name}",
            "s3:listObjectsV2",
            {"Bucket": sought.bucket.bucket_name, **sought.prefix, "MaxKeys": 1},
            result_path=found,
            # always in the answer, which Contents is not (S3 API reference, ListObjectsV2)
            result_selector={"objects.$": "$.KeyCount"},
        )
        return look.next(
            sfn.Choice(self, f"Has{sought.name}", state_name=f"Has{sought.name}")
            .when(
                sfn.Condition.number_greater_than(f"{found}.objects", 0),
                self._give(f"With{sought.name}", sought.present).next(then),
            )
            .otherwise(self._give(f"Without{sought.name}", sought.absent).next(then))
        )

    def _give(self, name: str, channels: Sequence[dict[str, Any]]) -> sfn.CustomState:
        return sfn.CustomState(
            self,
            name,
            state_json={
                "Type": "Pass",
                "Parameters": {"input": list(channels)},
                "ResultPath": "$.channels",
            },
        )

    def permissions(self) -> list[Permission]:
        """Listing what is sought alone; names of objects are not encrypted with KMS.

        Service authorization reference, Amazon S3: ListObjectsV2 is s3:ListBucket.
        """
        return [
            allow(
                ["s3:ListBucket"],
                [self._sought.bucket.bucket_arn],
                conditions={"StringLike": {"s3:prefix": self._sought.pattern}},
            )
        ]
