"""AWS::DynamoDB: tables."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    changed,
    tag_map,
    without,
)
from penstock.localcloud.cloudformation.shapes import call
from penstock.localcloud.cloudformation.types.api import ignoring, retag, tag_list
from penstock.localcloud.ledger import Life

_NAME = NameRule(max_length=255, forbidden=r"[^A-Za-z0-9_.-]")
_GONE = ("ResourceNotFoundException",)
# calls of their own in the API, once the table is there
_AFTERWARDS = ("PointInTimeRecoverySpecification", "TimeToLiveSpecification")


class Table(Handler):
    """Ref is the table's name; attribute Arn. Conditional writes hold, nothing expires."""

    type = "AWS::DynamoDB::Table"
    life = Life.LIVE
    kept_only = {
        "PointInTimeRecoverySpecification": "a restored table has the items of now",
        "ProvisionedThroughput": "nothing is throttled here",
        "SSESpecification": "nothing is encrypted here",
        "TimeToLiveSpecification": "items do not expire here",
    }
    properties = frozenset(
        {
            "AttributeDefinitions",
            "BillingMode",
            "DeletionProtectionEnabled",
            "GlobalSecondaryIndexes",
            "KeySchema",
            "LocalSecondaryIndexes",
            "PointInTimeRecoverySpecification",
            "ProvisionedThroughput",
            "SSESpecification",
            "TableName",
            "Tags",
            "TimeToLiveSpecification",
        }
    )
    required = frozenset({"KeySchema"})
    replace_on = frozenset({"KeySchema", "LocalSecondaryIndexes", "TableName"})
    name_property = "TableName"
    tag_style = "list"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateTable, then expiry and recovery."""
        name = properties.get("TableName") or context.name(_NAME)
        arguments: dict[str, Any] = {
            **without(properties, *_AFTERWARDS, "Tags"),
            "TableName": name,
            "Tags": tag_list(tag_map(properties)),
        }
        if "SSESpecification" in arguments:
            arguments["SSESpecification"] = _encryption(arguments["SSESpecification"])
        tables = context.client("dynamodb")
        answer = call(tables, "create_table", arguments)
        context.made(name)
        self._settle(tables, name, {}, properties)
        return Created(name, {"Arn": answer["TableDescription"]["TableArn"]})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """Billing, indexes, protection, expiry, recovery and tags change in place."""
        tables = context.client("dynamodb")
        names = ("BillingMode", "DeletionProtectionEnabled", "ProvisionedThroughput")
        if changed(old, new, *names):
            arguments = {
                "BillingMode": "PROVISIONED",
                "DeletionProtectionEnabled": False,
                **{name: new[name] for name in names if name in new},
            }
            call(tables, "update_table", {"TableName": physical_id, **arguments})
        for change in _index_changes(old, new):
            # one index at a time, as the API's reference on UpdateTable asks
            arguments = {
                "TableName": physical_id,
                "AttributeDefinitions": new["AttributeDefinitions"],
                "GlobalSecondaryIndexUpdates": [change],
            }
            call(tables, "update_table", arguments)
        self._settle(tables, physical_id, old, new)
        retag(tables, old, new, ResourceArn=context.arn("dynamodb", f"table/{physical_id}"))

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteTable with its items; a protected one is refused."""
        ignoring(_GONE, context.client("dynamodb").delete_table, TableName=physical_id)

    def is_stable(self, context: ResourceContext, physical_id: str, properties: Properties) -> bool:
        """ACTIVE."""
        answer = context.client("dynamodb").describe_table(TableName=physical_id)
        return bool(answer["Table"]["TableStatus"] == "ACTIVE")

    @staticmethod
    def _settle(tables: Any, name: str, old: Properties, new: Properties) -> None:
        if changed(old, new, "TimeToLiveSpecification"):
            given = new.get("TimeToLiveSpecification") or {
                **old["TimeToLiveSpecification"],
                "Enabled": False,
            }
            call(
                tables,
                "update_time_to_live",
                {"TableName": name, "TimeToLiveSpecification": given},
            )
        if changed(old, new, "PointInTimeRecoverySpecification"):
            given = new.get("PointInTimeRecoverySpecification") or {
                "PointInTimeRecoveryEnabled": False
            }
            call(
                tables,
                "update_continuous_backups",
                {"TableName": name, "PointInTimeRecoverySpecification": given},
            )


def _index_changes(old: Properties, new: Properties) -> list[dict[str, Any]]:
    """Indexes to delete and to create; one that is described otherwise is made anew."""
    before, after = (
        {index["IndexName"]: index for index in properties.get("GlobalSecondaryIndexes", [])}
        for properties in (old, new)
    )
    gone = [name for name, index in before.items() if after.get(name) != index]
    made = [index for name, index in after.items() if before.get(name) != index]
    return [
        *({"Delete": {"IndexName": name}} for name in gone),
        *({"Create": index} for index in made),
    ]


def _encryption(given: Properties) -> Properties:
    """CloudFormation says SSEEnabled for what the API calls Enabled."""
    return {"Enabled" if key == "SSEEnabled" else key: value for key, value in given.items()}
