"""AWS::Scheduler: schedules. The API knows them; nothing starts by itself yet."""

from __future__ import annotations

from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
)
from penstock.localcloud.cloudformation.shapes import call
from penstock.localcloud.cloudformation.types.api import ignoring
from penstock.localcloud.ledger import Life

_NAME = NameRule(max_length=64, forbidden=r"[^A-Za-z0-9_.-]")


class Schedule(Handler):
    """Ref is the schedule's name; attribute Arn."""

    type = "AWS::Scheduler::Schedule"
    life = Life.API_ONLY
    properties = frozenset(
        {
            "Description",
            "EndDate",
            "FlexibleTimeWindow",
            "GroupName",
            "KmsKeyArn",
            "Name",
            "ScheduleExpression",
            "ScheduleExpressionTimezone",
            "StartDate",
            "State",
            "Target",
        }
    )
    required = frozenset({"FlexibleTimeWindow", "ScheduleExpression", "Target"})
    replace_on = frozenset({"GroupName", "Name"})
    name_property = "Name"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateSchedule."""
        name = properties.get("Name") or context.name(_NAME)
        arguments = {**properties, "Name": name}
        arn = call(context.client("scheduler"), "create_schedule", arguments)["ScheduleArn"]
        return Created(name, {"Arn": arn})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """UpdateSchedule replaces the whole schedule."""
        arguments = {**new, "Name": physical_id}
        call(context.client("scheduler"), "update_schedule", arguments)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteSchedule."""
        group = {"GroupName": properties["GroupName"]} if "GroupName" in properties else {}
        ignoring(
            ("ResourceNotFoundException",),
            context.client("scheduler").delete_schedule,
            Name=physical_id,
            **group,
        )
