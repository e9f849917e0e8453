"""EventBridge: rules and event buses."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call, Holder
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.naming import Naming, tag_context

_NAMING = Naming(
    prefix="events",
    without=frozenset(
        [
            "ListApiDestinations",
            "ListArchives",
            "ListConnections",
            "ListEndpoints",
            "ListEventBuses",
            "ListEventSources",
            "ListReplays",
            "ListRuleNamesByTarget",
            "ListRules",
            "PutPartnerEvents",
            "PutPermission",
            "RemovePermission",
            "TestEventPattern",
        ]
    ),
    arns=("ResourceARN",),
    names={"ArchiveName": "archive/{}"},
)
_OF_RULES = frozenset(
    [
        "DeleteRule",
        "DescribeRule",
        "DisableRule",
        "EnableRule",
        "ListTargetsByRule",
        "PutRule",
        "PutTargets",
        "RemoveTargets",
    ]
)


def accesses(call: Call, _lookups: Lookups) -> list[Access]:
    """PutEvents on each bus that its entries name; the others on their rule or bus."""
    if call.operation == "PutEvents":
        return _put_events(call)
    if call.operation in _OF_RULES:
        bus = call.text("EventBusName").rsplit("/", 1)[-1]
        rule = call.text("Rule") or call.text("Name")
        path = f"rule/{rule}" if bus in ("", "default") else f"rule/{bus}/{rule}"
        return [Access(_NAMING.action(call), call.arn("events", path), tag_context(call))]
    if call.operation.endswith("EventBus"):
        return [Access(_NAMING.action(call), _bus(call, call.text("Name")), tag_context(call))]
    return [_NAMING.access(call)]


def _put_events(call: Call) -> list[Access]:
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for entry in call.parameters.get("Entries", []):
        bus = found.setdefault(_bus(call, str(entry.get("EventBusName") or "")), {})
        for key, name in (("events:source", "Source"), ("events:detail-type", "DetailType")):
            value = str(entry.get(name, ""))
            if value not in bus.get(key, ()):
                bus[key] = (*bus.get(key, ()), value)
    return [
        Access("events:PutEvents", bus, context, Holder("bus", bus))
        for bus, context in found.items()
    ]


def _bus(call: Call, name: str) -> str:
    return name if name.startswith("arn:") else call.arn("events", f"event-bus/{name or 'default'}")
