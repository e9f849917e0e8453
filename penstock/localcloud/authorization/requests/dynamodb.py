"""DynamoDB: tables and indexes, and the key of an encrypted table."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call, NotDerivedError
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.encryption import key_access
from penstock.localcloud.authorization.requests.naming import tag_context

_WITHOUT = frozenset(
    [
        "DescribeEndpoints",
        "DescribeLimits",
        "DescribeReservedCapacity",
        "ListBackups",
        "ListExports",
        "ListGlobalTables",
        "ListImports",
        "ListStreams",
        "ListTables",
    ]
)
_OF_ITEMS = frozenset(
    [
        "GetItem",
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "Query",
        "Scan",
        "BatchGetItem",
        "BatchWriteItem",
        "TransactGetItems",
        "TransactWriteItems",
    ]
)
_TRANSACTED = {
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def accesses(call: Call, lookups: Lookups) -> list[Access]:
    """The operation on each of its tables; a transaction needs the action of each of its items.

    An encrypted table is read and written through the caller's kms:Decrypt (DynamoDB developer
    guide, "DynamoDB encryption at rest: usage notes").
    """
    if call.operation in _WITHOUT:
        return [Access(f"dynamodb:{call.operation}", "*")]
    found = list(dict.fromkeys(_pairs(call)))
    context = tag_context(call)
    accesses = [Access(f"dynamodb:{action}", resource, context) for action, resource in found]
    if call.operation in _OF_ITEMS:
        for table in dict.fromkeys(resource.split("/")[1] for _, resource in found):
            accesses += key_access(
                "Decrypt",
                lookups.table_key(table),
                call,
                lookups,
                via="dynamodb",
                encryption_context={
                    "aws:dynamodb:tableName": table,
                    "aws:dynamodb:subscriberId": call.account_id,
                },
            )
    return accesses


def _pairs(call: Call) -> list[tuple[str, str]]:
    if call.operation in ("BatchGetItem", "BatchWriteItem"):
        tables = call.parameters.get("RequestItems") or {}
        return [(call.operation, _table(call, str(name))) for name in tables]
    if call.operation.startswith("Transact"):
        return [
            (_TRANSACTED[kind], _table(call, str(item[kind]["TableName"])))
            for item in call.parameters.get("TransactItems") or []
            for kind in item
        ]
    name = call.text("TableName") or call.text("ResourceArn") or call.text("TableArn")
    if not name:
        raise NotDerivedError(f"no resource is known for dynamodb:{call.operation}")
    index = call.text("IndexName")
    table = _table(call, name)
    return [(call.operation, f"{table}/index/{index}" if index else table)]


def _table(call: Call, name: str) -> str:
    return name if name.startswith("arn:") else call.arn("dynamodb", f"table/{name}")
