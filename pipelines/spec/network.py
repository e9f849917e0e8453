"""A VPC that is there already, for everything of a pipeline that touches data."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import field_validator

from pipelines.spec.base import Spec, refusal

_VPC_CONFIG = "botocore 1.44.5 sagemaker and lambda models, VpcConfig"
_HOSTING = "SageMaker developer guide, host-vpc"


class Network(Spec):
    """`subnets` has the availability zone of each subnet by the subnet's id.

    Glue wants the zone beside the subnet, and runs in the first one only; a model behind an
    endpoint wants two zones. The groups must let their members reach each other on every port: so
    do jobs of several machines, and Glue's workers. The subnets have no need of the internet, but
    of endpoints for the services that jobs and functions call: S3, KMS, CloudWatch Logs and
    monitoring, ECR, Glue, SSM, STS, and SNS, SQS, DynamoDB, Kinesis, Firehose, SageMaker runtime
    and Step Functions where a function of the pipeline uses them.
    """

    vpc_id: str
    subnets: Mapping[str, str]
    security_group_ids: tuple[str, ...]

    @field_validator("vpc_id")
    @classmethod
    def _check_vpc(cls, value: str) -> str:
        return _check_id(value, "vpc")

    @field_validator("subnets")
    @classmethod
    def _check_subnets(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        _check_count(len(value), 2, 16, "subnets", f"{_VPC_CONFIG}; {_HOSTING}")
        for subnet in value:
            _check_id(subnet, "subnet")
        if len(set(value.values())) < 2:
            raise refusal(
                dict(value),
                rule="a model behind an endpoint needs subnets in two availability zones, even for "
                "one instance",
                source=_HOSTING,
                remedy="add a subnet of another zone",
            )
        return value

    @field_validator("security_group_ids")
    @classmethod
    def _check_groups(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        _check_count(len(value), 1, 5, "security groups", _VPC_CONFIG)
        for group in value:
            _check_id(group, "sg")
        return value


def _check_id(value: str, kind: str) -> str:
    if re.fullmatch(rf"{kind}-[0-9a-f]{{8,17}}", value) is None:
        raise refusal(
            value,
            rule=f"must be an id such as {kind}-0123456789abcdef0",
            source="EC2 user guide, resource ids",
            remedy="use the id, not the name",
        )
    return value


def _check_count(count: int, fewest: int, most: int, things: str, source: str) -> None:
    if not fewest <= count <= most:
        raise refusal(
            count,
            rule=f"jobs, models and functions are in {fewest} to {most} {things}",
            source=source,
            remedy=f"give {fewest} to {most}, or leave network out",
        )
