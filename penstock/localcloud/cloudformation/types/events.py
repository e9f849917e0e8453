"""AWS::Events: rules with their targets."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.cloudformation.errors import ResourceError
from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    changed,
    tag_map,
)
from penstock.localcloud.cloudformation.shapes import call
from penstock.localcloud.cloudformation.types.api import document, ignoring, retag, tag_list
from penstock.localcloud.ledger import Life

_NAME = NameRule(max_length=64, forbidden=r"[^A-Za-z0-9_.-]")
_GONE = ("ResourceNotFoundException",)


class Rule(Handler):
    """Ref is the rule's name (`bus|name` on a bus of one's own); attribute Arn."""

    type = "AWS::Events::Rule"
    life = Life.LIVE
    properties = frozenset(
        {
            "Description",
            "EventBusName",
            "EventPattern",
            "Name",
            "RoleArn",
            "ScheduleExpression",
            "State",
            "Tags",
            "Targets",
        }
    )
    replace_on = frozenset({"EventBusName", "Name"})
    name_property = "Name"
    tag_style = "list"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """PutRule, PutTargets."""
        name = properties.get("Name") or context.name(_NAME)
        bus = properties.get("EventBusName")
        physical_id = name if bus in (None, "default") else f"{bus}|{name}"
        events = context.client("events")
        arn = self._put(events, name, properties, tag_list(tag_map(properties)))
        context.made(physical_id)
        self._put_targets(events, name, {}, properties)
        return Created(physical_id, {"Arn": arn})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """PutRule and PutTargets again; targets that are gone are removed."""
        events = context.client("events")
        name = physical_id.rsplit("|", 1)[-1]
        arn = self._put(events, name, new, [])
        self._put_targets(events, name, old, new)
        retag(events, old, new, ResourceARN=arn)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """RemoveTargets, DeleteRule."""
        events = context.client("events")
        name = physical_id.rsplit("|", 1)[-1]
        ids = [str(target["Id"]) for target in properties.get("Targets", [])]
        if ids:
            ignoring(_GONE, events.remove_targets, Rule=name, Ids=ids, **self._bus(properties))
        ignoring(_GONE, events.delete_rule, Name=name, **self._bus(properties))

    @staticmethod
    def _bus(properties: Properties) -> dict[str, str]:
        bus = properties.get("EventBusName")
        return {"EventBusName": bus} if bus else {}

    def _put(
        self, events: Any, name: str, properties: Properties, tags: list[dict[str, str]]
    ) -> str:
        arguments: dict[str, Any] = {"Name": name, **self._bus(properties)}
        for key in ("Description", "RoleArn", "ScheduleExpression", "State"):
            if key in properties:
                arguments[key] = properties[key]
        if "EventPattern" in properties:
            arguments["EventPattern"] = document(properties["EventPattern"])
        if tags:
            arguments["Tags"] = tags
        return str(call(events, "put_rule", arguments)["RuleArn"])

    def _put_targets(self, events: Any, name: str, old: Properties, new: Properties) -> None:
        bus = self._bus(new)
        wanted = new.get("Targets", [])
        gone = {str(t["Id"]) for t in old.get("Targets", [])} - {str(t["Id"]) for t in wanted}
        if gone:
            events.remove_targets(Rule=name, Ids=sorted(gone), **bus)
        if wanted and changed(old, new, "Targets"):
            arguments = {"Rule": name, "Targets": wanted, **bus}
            answer = call(events, "put_targets", arguments)
            for entry in answer["FailedEntries"]:
                raise ResourceError(
                    f"target {entry['TargetId']}: {entry['ErrorCode']}: {entry['ErrorMessage']}"
                )
