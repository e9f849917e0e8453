"""The role of the model behind the endpoint: reads its artifact, writes log and captures."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from pipelines.spec import Network
from stacks.algorithm_image import AlgorithmImage
from stacks.algorithm_role import AlgorithmRole
from stacks.guardrail import watch_rollback_alarm
from stacks.names import CAPTURE_PREFIX, MODELS_PREFIX, Names
from stacks.permission import Permission
from stacks.placement import attach_endpoint
from stacks.policies import decrypt_with, encrypt_with, put_objects, read_objects


class ModelRole(AlgorithmRole):
    """Lives outside the serving stack, whose updates then need no right on IAM but PassRole.

    `capture_to` is the bucket that data capture writes to, None without data capture. AWS's
    notebook on enabling Model Monitor asks for s3:PutObject on the model's role; which actions on
    the bucket's key SageMaker needs is unconfirmed: those of any writer. With `guardrail` it may
    look at the alarm that takes a new model back.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        artifacts: s3.IBucket,
        image: AlgorithmImage,
        key: kms.IKey,
        network: Network | None,
        capture_to: s3.IBucket | None,
        guardrail: bool,
    ) -> None:
        data: list[Permission] = [read_objects(artifacts, [MODELS_PREFIX])]
        if capture_to is None:
            data.append(decrypt_with(key))
        else:
            data += [put_objects(capture_to, [CAPTURE_PREFIX]), encrypt_with(key)]
        data += attach_endpoint(network)
        if guardrail:
            data.append(watch_rollback_alarm(Stack.of(scope), names))
        super().__init__(
            scope,
            construct_id,
            description="Models behind the endpoint of the pipeline",
            data=data,
            image=image,
            log_group=names.endpoint_logs,
            network=network,
        )
