"""NoFullAccess: AWS's managed policies that allow all of a service are found by name."""

from __future__ import annotations

import pytest

from penstock.rules.no_full_access import RULE
from tests.unit.ruled import found, resource


def managed(name: str) -> object:
    return {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":iam::aws:policy/{name}"]]}


def test_narrow_policies_pass() -> None:
    arns = [managed("service-role/AWSLambdaBasicExecutionRole"), {"Ref": "OwnPolicy"}]
    assert not found(RULE, {"Role": resource("IAM::Role", ManagedPolicyArns=arns)})


@pytest.mark.parametrize(
    "name", ["AmazonSageMakerFullAccess", "AmazonS3FullAccess", "AdministratorAccess"]
)
def test_wide_ones_are_found_by_name(name: str) -> None:
    arns = [managed("AmazonS3ReadOnlyAccess"), managed(name)]
    assert found(RULE, {"Role": resource("IAM::Role", ManagedPolicyArns=arns)}) == {
        f"NoFullAccess[{name}] Role.Properties.ManagedPolicyArns.1": f"it has {name}"
    }
