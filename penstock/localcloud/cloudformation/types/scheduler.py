"""AWS::Scheduler: schedules, which start the targets that can be delivered to."""

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
    life = Life.LIVE
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
    kept_only = {"KmsKeyArn": "nothing is encrypted here"}
    required = frozenset({"FlexibleTimeWindow", "ScheduleExpression", "Target"})
    replace_on = frozenset({"GroupName", "Name"})
    name_property = "Name"

    # services by the target's ARN; universal targets (arn:aws:scheduler:::aws-sdk:...) are not
    _STARTED = frozenset({"states", "lambda", "sns", "sqs", "events"})

    def life_of(self, properties: Properties) -> tuple[Life, str]:
        """Live for the targets that are started here."""
        if self._service(properties) in self._STARTED:
            return Life.LIVE, ""
        return Life.API_ONLY, ""

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateSchedule."""
        name = properties.get("Name") or context.name(_NAME)
        self._note(context, properties)
        arguments = {**properties, "Name": name}
        arn = call(context.client("scheduler"), "create_schedule", arguments)["ScheduleArn"]
        return Created(name, {"Arn": arn})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """UpdateSchedule replaces the whole schedule."""
        self._note(context, new)
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

    def _note(self, context: ResourceContext, properties: Properties) -> None:
        if (service := self._service(properties)) not in self._STARTED:
            context.note(f"Target: targets of service {service} are not started here")
        if properties["FlexibleTimeWindow"].get("Mode") == "FLEXIBLE":
            context.note("FlexibleTimeWindow: the target starts when the window begins")

    @staticmethod
    def _service(properties: Properties) -> str:
        return str(properties["Target"]["Arn"]).split(":")[2]
