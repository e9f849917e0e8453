"""The two states that say which training run a model package comes from."""

from __future__ import annotations

from aws_cdk import Aws, Stack
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.failure_alert import refusal
from stacks.names import Names
from stacks.permission import Permission, allow
from stacks.sdk_call import sdk_call

# what the training machine writes into the package
RUN = "$.package.CustomerMetadataProperties.run"
PREPARED_URI = "$.package.CustomerMetadataProperties.prepared_uri"


def described_package(
    scope: Construct, *, package_arn: str, then: sfn.IChainable, failed: sfn.IChainable
) -> sfn.IChainable:
    """DescribePackage and KnowsItsRun; `package_arn` is the path of the ARN in the input.

    A package that somebody registered by hand names no run. A path that is not there would be
    a States.Runtime error, which nothing catches (Step Functions developer guide, error names).
    """
    describe = sdk_call(
        scope,
        "DescribePackage",
        "sagemaker:describeModelPackage",
        {"ModelPackageName.$": package_arn},
        result_path="$.package",
    )
    describe.add_catch(failed, errors=["States.ALL"], result_path="$.error")
    return describe.next(
        sfn.Choice(scope, "KnowsItsRun", state_name="KnowsItsRun")
        .when(
            sfn.Condition.and_(
                sfn.Condition.is_present(RUN), sfn.Condition.is_present(PREPARED_URI)
            ),
            then,
        )
        .otherwise(
            refusal(
                scope,
                "RunUnknown",
                cause="the model package's metadata does not name the training run's run and "
                "prepared_uri, so nobody knows what its baseline is made of",
                failed=failed,
            )
        )
    )


def describe_packages(scope: Construct, names: Names) -> Permission:
    """Describing the packages of the pipeline's own group."""
    stack = Stack.of(scope)
    return allow(
        ["sagemaker:DescribeModelPackage"],
        [
            f"arn:{Aws.PARTITION}:sagemaker:{stack.region}:{stack.account}:"
            f"model-package/{names.model_package_group}/*"
        ],
        wildcard="versions of the pipeline's own group",
    )
