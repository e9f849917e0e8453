"""InsideVpc: a deployment with a network has everything that touches data in it."""

from __future__ import annotations

from penstock.rules.inside_vpc import RULE
from tests.unit.ruled import Body, call, found, machine, resource

VPC = {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}


def stack(vpc: Body | None, connections: Body | None) -> dict[str, Body]:
    given = {} if vpc is None else {"VpcConfig": vpc}
    glue = {} if connections is None else {"Connections": connections}
    return {
        "Model": resource("SageMaker::Model", **given),
        "Machine": machine(
            Train=call("createTrainingJob.sync", **given),
            Clean=call("createProcessingJob.sync", NetworkConfig=given),
        ),
        "Function": resource("Lambda::Function", **given),
        "Job": resource("Glue::Job", **glue),
    }


def test_without_a_network_nothing_has_to_be_in_one() -> None:
    assert not found(RULE, stack(None, None))


def test_all_inside_passes() -> None:
    assert not found(RULE, stack(VPC, {"Connections": ["vpc"]}), {"Vpc": resource("EC2::VPC")})


def test_with_a_vpc_in_any_stack_all_that_is_outside_is_found() -> None:
    assert list(found(RULE, stack(None, None), {"Vpc": resource("EC2::VPC")})) == [
        "InsideVpc Model.Properties.VpcConfig",
        "InsideVpc[Train] Machine.Properties.DefinitionString.States.Train.Parameters.VpcConfig",
        "InsideVpc[Clean] Machine.Properties.DefinitionString.States.Clean.Parameters"
        ".NetworkConfig.VpcConfig",
        "InsideVpc Function.Properties.VpcConfig",
        "InsideVpc Job.Properties.Connections",
    ]


def test_a_given_vpc_shows_by_those_that_are_in_it() -> None:
    assert list(found(RULE, stack(VPC, None))) == ["InsideVpc Job.Properties.Connections"]
