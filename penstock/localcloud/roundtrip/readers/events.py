"""AWS::Events and AWS::Scheduler: what EventBridge says of rules and schedules."""

from __future__ import annotations

from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader


class Rule(Reader):
    """A rule with its targets."""

    type = "AWS::Events::Rule"

    def read(self, resource: Deployed) -> Properties:
        """DescribeRule, ListTargetsByRule, ListTagsForResource."""
        events = resource.client("events")
        bus, _, name = resource.physical_id.rpartition("|")
        on = {"EventBusName": bus or "default"}
        found = events.describe_rule(Name=name, **on)
        return {
            **found,
            "Tags": events.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"],
            "Targets": events.list_targets_by_rule(Rule=name, **on)["Targets"],
        }


class Schedule(Reader):
    """A schedule's answer has the template's names."""

    type = "AWS::Scheduler::Schedule"

    def read(self, resource: Deployed) -> Properties:
        """GetSchedule."""
        group = resource.asked.get("GroupName", "default")
        found: Properties = resource.client("scheduler").get_schedule(
            Name=resource.physical_id, GroupName=group
        )
        return found
