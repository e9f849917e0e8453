"""EventBridge Scheduler: schedules and their groups."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.naming import Naming, tag_context

_NAMING = Naming(
    prefix="scheduler",
    without=frozenset({"ListScheduleGroups", "ListSchedules"}),
    arns=("ResourceArn",),
)


def accesses(call: Call, _lookups: Lookups) -> list[Access]:
    """The operation on schedule/GROUP/NAME or schedule-group/NAME."""
    name = call.text("Name")
    if name and call.operation.endswith("Schedule"):
        path = f"schedule/{call.text('GroupName') or 'default'}/{name}"
        return [Access(_NAMING.action(call), call.arn("scheduler", path), tag_context(call))]
    if name and call.operation.endswith("ScheduleGroup"):
        group = call.arn("scheduler", f"schedule-group/{name}")
        return [Access(_NAMING.action(call), group, tag_context(call))]
    return [_NAMING.access(call)]
