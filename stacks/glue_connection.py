"""The connection that puts a Glue job into a VPC that is there already."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from constructs import Construct

from pipelines.spec import Network
from stacks.nag import acknowledge_template_check
from stacks.permission import Permission
from stacks.placement import attach_glue


class GlueConnection(Construct):
    """A connection is in one subnet: the network's first, whose zone Glue wants as well.

    That the zone must be given though the subnet implies it: CloudFormation user guide,
    PhysicalConnectionRequirements.
    """

    def __init__(self, scope: Construct, construct_id: str, *, network: Network) -> None:
        super().__init__(scope, construct_id)
        self._network = network
        stack = Stack.of(self)
        subnet, zone = next(iter(network.subnets.items()))
        connection = glue.CfnConnection(
            self,
            "Connection",
            catalog_id=stack.account,
            connection_input=glue.CfnConnection.ConnectionInputProperty(
                connection_type="NETWORK",
                connection_properties={},
                physical_connection_requirements=(
                    glue.CfnConnection.PhysicalConnectionRequirementsProperty(
                        availability_zone=zone,
                        subnet_id=subnet,
                        security_group_id_list=list(network.security_group_ids),
                    )
                ),
            ),
        )
        acknowledge_template_check(
            connection, "W3010", reason="the zone is that of a subnet which is there already"
        )
        self._name = connection.ref
        self.connection = glue.Connection.from_connection_name(self, "Named", self._name)

    def permissions(self) -> list[Permission]:
        """What the job's role needs."""
        return attach_glue(Stack.of(self), self._network, connection=self._name)
