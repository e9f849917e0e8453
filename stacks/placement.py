"""A place in a VPC that is there already: settings of jobs, and what their roles need for it."""

from __future__ import annotations

from typing import Any

from aws_cdk import Aws, Stack

from pipelines.spec import Network
from stacks.permission import Permission, allow

_INTERFACES = "EC2 makes the interface's id"
_SHARED = "the subnets or groups may be shared by another account; EC2 makes the interface's id"
_NO_RESOURCE = "these actions take no resource"
# what a function's code calls has this key, what Lambda calls to make interfaces has not (Lambda
# developer guide, using source function ARN to control function access behavior)
_NOT_BY_CODE = {"Null": {"lambda:SourceFunctionArn": "true"}}


def vpc_config(network: Network | None) -> dict[str, Any]:
    """The VpcConfig of a request to SageMaker; nothing without a network."""
    if network is None:
        return {}
    return {
        "VpcConfig": {
            "Subnets": list(network.subnets),
            "SecurityGroupIds": list(network.security_group_ids),
        }
    }


def attach_job(stack: Stack, network: Network | None) -> list[Permission]:
    """What the role of a training job, a model or a processing job needs to be in the network.

    SageMaker developer guide, execution roles, private VPC. The condition keeps interfaces of
    other networks from being handed over (service authorization reference, Amazon EC2); that
    SageMaker's own calls fill in its key is unconfirmed.
    """
    if network is None:
        return []
    vpc = f"arn:{Aws.PARTITION}:ec2:{stack.region}:*:vpc/{network.vpc_id}"
    return [
        _create_interface(stack, network),
        allow(
            ["ec2:CreateNetworkInterfacePermission"],
            [_arn(stack, "network-interface/*")],
            conditions={"ArnLike": {"ec2:Vpc": vpc}},
            wildcard=_INTERFACES,
        ),
        allow(
            ["ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"],
            [_arn(stack, "network-interface/*")],
            wildcard=_INTERFACES,
        ),
        _describe("DhcpOptions", "NetworkInterfaces", "SecurityGroups", "Subnets", "Vpcs"),
    ]


def attach_endpoint(network: Network | None) -> list[Permission]:
    """What a model's role needs beside that, to be behind an endpoint.

    SageMaker developer guide, host-vpc; the pages on training and batch transform ask for none.
    """
    return [] if network is None else [_describe("VpcEndpoints")]


def attach_function(stack: Stack, network: Network | None) -> list[Permission]:
    """What the role of a function needs for Lambda to put it in the network.

    AWSLambdaVPCAccessExecutionRole, narrowed to these subnets and to Lambda: the code has no use
    for any of it. Lambda cannot tidy up with a resource that names a single interface (Lambda
    developer guide, VPC access, permissions).
    """
    if network is None:
        return []
    return [
        _create_interface(stack, network, conditions=_NOT_BY_CODE),
        allow(
            [
                "ec2:AssignPrivateIpAddresses",
                "ec2:DeleteNetworkInterface",
                "ec2:UnassignPrivateIpAddresses",
            ],
            [_arn(stack, "network-interface/*")],
            conditions=_NOT_BY_CODE,
            wildcard=_INTERFACES,
        ),
        _describe("NetworkInterfaces", "Subnets", conditions=_NOT_BY_CODE),
    ]


def attach_glue(stack: Stack, network: Network, *, connection: str) -> list[Permission]:
    """What the role of a Glue job needs to be in the network by a connection of that name.

    AWSGlueServiceRole, narrowed to these subnets and this connection.
    """
    glue = f"arn:{Aws.PARTITION}:glue:{stack.region}:{stack.account}"
    return [
        allow(["glue:GetConnection"], [f"{glue}:catalog", f"{glue}:connection/{connection}"]),
        _create_interface(stack, network),
        allow(
            ["ec2:DeleteNetworkInterface"],
            [_arn(stack, "network-interface/*")],
            wildcard=_INTERFACES,
        ),
        allow(
            ["ec2:CreateTags", "ec2:DeleteTags"],
            [_arn(stack, "network-interface/*"), _arn(stack, "security-group/*")],
            conditions={
                "ForAllValues:StringEquals": {"aws:TagKeys": ["aws-glue-service-resource"]}
            },
            wildcard=_INTERFACES,
        ),
        _describe(
            "NetworkInterfaces",
            "RouteTables",
            "SecurityGroups",
            "Subnets",
            "VpcAttribute",
            "VpcEndpoints",
        ),
    ]


def _create_interface(
    stack: Stack, network: Network, *, conditions: dict[str, Any] | None = None
) -> Permission:
    anywhere = f"arn:{Aws.PARTITION}:ec2:{stack.region}:*"
    return allow(
        ["ec2:CreateNetworkInterface"],
        [
            _arn(stack, "network-interface/*"),
            *(f"{anywhere}:subnet/{subnet}" for subnet in network.subnets),
            *(f"{anywhere}:security-group/{group}" for group in network.security_group_ids),
        ],
        conditions=conditions,
        wildcard=_SHARED,
    )


def _describe(*things: str, conditions: dict[str, Any] | None = None) -> Permission:
    return allow(
        [f"ec2:Describe{thing}" for thing in things],
        ["*"],
        conditions=conditions,
        wildcard=_NO_RESOURCE,
    )


def _arn(stack: Stack, resource: str) -> str:
    return f"arn:{Aws.PARTITION}:ec2:{stack.region}:{stack.account}:{resource}"
