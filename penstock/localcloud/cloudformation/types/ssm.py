"""AWS::SSM: parameters."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    tag_map,
    without,
)
from penstock.localcloud.cloudformation.shapes import call
from penstock.localcloud.cloudformation.types.api import ignoring, retag
from penstock.localcloud.ledger import Life

_NAME = NameRule(max_length=1011, forbidden=r"[^A-Za-z0-9_./-]")


class Parameter(Handler):
    """Ref is the parameter's name; attributes Type and Value."""

    type = "AWS::SSM::Parameter"
    life = Life.LIVE
    properties = frozenset(
        {
            "AllowedPattern",
            "DataType",
            "Description",
            "Name",
            "Policies",
            "Tags",
            "Tier",
            "Type",
            "Value",
        }
    )
    required = frozenset({"Type", "Value"})
    replace_on = frozenset({"DataType", "Name"})
    name_property = "Name"
    tag_style = "map"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """PutParameter; one that exists already is an error."""
        name = properties.get("Name") or context.name(_NAME)
        self._put(context, name, properties, overwrite=False)
        if tag_map(properties):
            self._tag(context, name, {}, properties)
        return self._created(name, properties)

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> Created:
        """PutParameter over the old value."""
        self._put(context, physical_id, new, overwrite=True)
        self._tag(context, physical_id, old, new)
        return self._created(physical_id, new)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteParameter."""
        ignoring(("ParameterNotFound",), context.client("ssm").delete_parameter, Name=physical_id)

    @staticmethod
    def _created(name: str, properties: Properties) -> Created:
        return Created(name, {"Type": properties["Type"], "Value": properties["Value"]})

    @staticmethod
    def _put(
        context: ResourceContext, name: str, properties: Properties, *, overwrite: bool
    ) -> None:
        arguments: dict[str, Any] = {
            **without(properties, "Tags"),
            "Name": name,
            "Overwrite": overwrite,
        }
        call(context.client("ssm"), "put_parameter", arguments)

    @staticmethod
    def _tag(context: ResourceContext, name: str, old: Properties, new: Properties) -> None:
        retag(
            context.client("ssm"),
            old,
            new,
            tag="add_tags_to_resource",
            untag="remove_tags_from_resource",
            ResourceType="Parameter",
            ResourceId=name,
        )
