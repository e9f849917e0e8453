"""Kinesis Data Streams: stream ARNs, and the key of an encrypted stream."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.encryption import key_access
from penstock.localcloud.authorization.requests.naming import Naming

_NAMING = Naming(
    prefix="kinesis",
    without=frozenset(
        [
            "DescribeAccountSettings",
            "DescribeLimits",
            "DisableEnhancedMonitoring",
            "EnableEnhancedMonitoring",
            "ListStreams",
            "UpdateAccountSettings",
            "UpdateShardCount",
            "UpdateStreamMode",
        ]
    ),
    arns=("StreamARN", "ResourceARN", "ConsumerARN"),
    names={"StreamName": "stream/{}"},
)
# Streams developer guide, "Permissions to Use User-Generated KMS Master Keys"
_KEY_USE = {
    "PutRecord": "GenerateDataKey",
    "PutRecords": "GenerateDataKey",
    "GetRecords": "Decrypt",
    "SubscribeToShard": "Decrypt",
}


def accesses(call: Call, lookups: Lookups) -> list[Access]:
    """The operation on its stream, and on the key of the stream's data."""
    if call.operation == "GetRecords" and not call.text("StreamARN"):
        name = lookups.stream_of_iterator(call.text("ShardIterator"))
        stream = call.arn("kinesis", f"stream/{name}")
        main = Access(_NAMING.action(call), stream)
    else:
        main = _NAMING.access(call)
        stream = main.resource
    found = [main]
    if call.operation in _KEY_USE:
        found += key_access(
            _KEY_USE[call.operation],
            lookups.stream_key(stream),
            call,
            lookups,
            via="kinesis",
            encryption_context={"aws:kinesis:arn": stream},
        )
    return found
