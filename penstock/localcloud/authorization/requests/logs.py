"""CloudWatch Logs: log groups and log streams."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call, Holder, NotDerivedError
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.encryption import context_keys
from penstock.localcloud.authorization.requests.naming import tag_context, texts

_WITHOUT = frozenset(
    [
        "CancelExportTask",
        "CreateLogDelivery",
        "DeleteAccountPolicy",
        "DeleteLogDelivery",
        "DeleteQueryDefinition",
        "DeleteResourcePolicy",
        "DescribeAccountPolicies",
        "DescribeDeliveries",
        "DescribeDeliveryDestinations",
        "DescribeDeliverySources",
        "DescribeDestinations",
        "DescribeExportTasks",
        "DescribeLogGroups",
        "DescribeQueries",
        "DescribeQueryDefinitions",
        "DescribeResourcePolicies",
        "GetLogDelivery",
        "ListLogDeliveries",
        "ListLogGroups",
        "PutAccountPolicy",
        "PutQueryDefinition",
        "PutResourcePolicy",
        "StopQuery",
        "TestMetricFilter",
        "UpdateLogDelivery",
        "GetQueryResults",
    ]
)
_OF_STREAMS = frozenset(["CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents"])


def accesses(call: Call, lookups: Lookups) -> list[Access]:
    """The operation on log-group:NAME, or on its log-stream:NAME.

    ARNs of groups end in :* in requests (CloudWatch Logs user guide, "Overview of managing access
    permissions"); log-group:NAME:* and log-group:NAME in a policy both match that.
    """
    action = f"logs:{call.operation}"
    if call.operation in _WITHOUT:
        return [Access(action, "*")]
    if call.operation in _OF_STREAMS:
        group = _group(call)
        stream = call.text("logStreamName")
        resource = call.arn("logs", f"log-group:{group}:log-stream:{stream}")
        # resource policies are the account's: EventBridge and the like write by them
        return [Access(action, resource, holder=Holder("log", call.arn("logs", "*")))]
    if call.operation in ("TagResource", "UntagResource", "ListTagsForResource"):
        return [Access(action, call.text("resourceArn"), tag_context(call))]
    groups = texts(call.parameters.get("logGroupNames")) or (_group(call),)
    found = [
        Access(action, call.arn("logs", f"log-group:{group}:*"), tag_context(call))
        for group in groups
    ]
    if call.operation in ("CreateLogGroup", "AssociateKmsKey"):
        found += _key_use(call, lookups, groups[0])
    return found


def _key_use(call: Call, lookups: Lookups, group: str) -> list[Access]:
    """The key policy must let the service itself use the key.

    CloudWatch Logs user guide, "Encrypt log data using AWS KMS".
    """
    key = lookups.key_arn(call.text("kmsKeyId")) if call.text("kmsKeyId") else ""
    if not key:
        return []
    arn = call.arn("logs", f"log-group:{group}")
    context = context_keys({"aws:logs:arn": arn})
    service = f"logs.{call.region}.amazonaws.com"
    says = (
        f"The specified KMS key does not exist or is not allowed to be used with LogGroup '{arn}'"
    )
    return [
        Access(f"kms:{use}", key, context, Holder("key", key), by=service, says=says)
        for use in ("Encrypt", "Decrypt", "GenerateDataKey")
    ]


def _group(call: Call) -> str:
    name = call.text("logGroupName")
    if not name:
        given = call.text("logGroupIdentifier") or call.text("resourceIdentifier")
        name = given.split(":log-group:")[-1].removesuffix(":*")
    if not name:
        raise NotDerivedError(f"no resource is known for logs:{call.operation}")
    return name
