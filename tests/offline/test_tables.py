"""DynamoDB tables: deployed by a stack, written under conditions, by many at the same moment."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models import table as table_module

from penstock.localcloud.shims import dynamodb
from penstock.localcloud.shims.patches import Patches
from tests.offline.cloudformation_lab import CloudFormationLab

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("tables")]


def template(**properties: Any) -> dict[str, Any]:
    """A stack with one table, keyed by series."""
    return {
        "Resources": {
            "Windows": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "KeySchema": [{"AttributeName": "series", "KeyType": "HASH"}],
                    "AttributeDefinitions": [{"AttributeName": "series", "AttributeType": "S"}],
                    "BillingMode": "PAY_PER_REQUEST",
                    **properties,
                },
            }
        },
        "Outputs": {
            "Name": {"Value": {"Ref": "Windows"}},
            "Arn": {"Value": {"Fn::GetAtt": ["Windows", "Arn"]}},
        },
    }


def put(client: Any, table: str, version: int, condition: str, **values: int) -> bool:
    """Whether the item was written; the condition is on its attribute version."""
    given = {f":{name}": {"N": str(value)} for name, value in values.items()}
    more = {"ExpressionAttributeValues": given} if given else {}
    item = {"series": {"S": "cpu"}, "version": {"N": str(version)}}
    try:
        client.put_item(TableName=table, Item=item, ConditionExpression=condition, **more)
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def test_a_conditional_write_holds_what_its_condition_says(stacks_lab: CloudFormationLab) -> None:
    stack = stacks_lab.create(template())
    assert stack["StackStatus"] == "CREATE_COMPLETE", stacks_lab.failures()
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert outputs["Arn"].endswith(f":table/{outputs['Name']}")
    client, table = stacks_lab.cloud.client("dynamodb"), outputs["Name"]
    assert put(client, table, 1, "attribute_not_exists(version)")
    assert not put(client, table, 1, "attribute_not_exists(version)")
    assert not put(client, table, 3, "version = :read", read=2)
    assert put(client, table, 2, "version = :read", read=1)
    asked = {table: {"Keys": [{"series": {"S": n}} for n in ("cpu", "x")], "ConsistentRead": True}}
    answer = client.batch_get_item(RequestItems=asked)
    assert answer["Responses"][table] == [{"series": {"S": "cpu"}, "version": {"N": "2"}}]
    assert not answer["UnprocessedKeys"]


def test_of_many_writers_at_once_one_passes(
    stacks_lab: CloudFormationLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    dynamodb.install(stacks_lab.cloud.patches)

    def met(*arguments: Any, **options: Any) -> Any:
        answer = judged(*arguments, **options)
        time.sleep(0.005)  # long enough for another writer between condition and write
        return answer

    judged = table_module.get_filter_expression
    monkeypatch.setattr(table_module, "get_filter_expression", met)
    stacks_lab.create(template())
    table = stacks_lab.physical()["Windows"]
    client = stacks_lab.cloud.client("dynamodb")
    for version in range(1, 5):
        together, passed = threading.Barrier(8), []

        def write(read: int, together: threading.Barrier, passed: list[bool]) -> None:
            together.wait()
            condition = "version = :read" if read else "attribute_not_exists(version)"
            values = {"read": read} if read else {}
            passed.append(put(client, table, read + 1, condition, **values))

        writers = [
            threading.Thread(target=write, args=(version - 1, together, passed)) for _ in range(8)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert sorted(passed) == [False] * 7 + [True]


def test_what_can_change_changes_in_place_and_items_stay(stacks_lab: CloudFormationLab) -> None:
    stacks_lab.create(template())
    table = stacks_lab.physical()["Windows"]
    client = stacks_lab.cloud.client("dynamodb")
    assert put(client, table, 1, "attribute_not_exists(version)")
    changes = {
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": {"ReadCapacityUnits": "5", "WriteCapacityUnits": 2},
        "DeletionProtectionEnabled": True,
        "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
    }
    stack = stacks_lab.update(template(**changes))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", stacks_lab.failures()
    assert stacks_lab.physical()["Windows"] == table
    described = client.describe_table(TableName=table)["Table"]
    assert described["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert described["DeletionProtectionEnabled"] is True
    assert client.scan(TableName=table)["Count"] == 1
    with pytest.raises(ClientError, match="DeletionProtectionEnabled"):
        client.delete_table(TableName=table)
    assert stacks_lab.update(template())["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks_lab.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert client.list_tables()["TableNames"] == []


def test_indexes_come_and_go_and_the_items_stay(stacks_lab: CloudFormationLab) -> None:
    def described(name: str, key: str) -> dict[str, Any]:
        return {
            "IndexName": name,
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }

    keys = [{"AttributeName": name, "AttributeType": "S"} for name in ("series", "kind")]
    first, second = described("first", "series"), described("second", "kind")
    stack = stacks_lab.create(template(GlobalSecondaryIndexes=[first]))
    assert stack["StackStatus"] == "CREATE_COMPLETE", stacks_lab.failures()
    table = stacks_lab.physical()["Windows"]
    client = stacks_lab.cloud.client("dynamodb")
    client.put_item(TableName=table, Item={"series": {"S": "cpu"}, "kind": {"S": "load"}})
    changed = template(GlobalSecondaryIndexes=[second], AttributeDefinitions=keys)
    assert stacks_lab.update(changed)["StackStatus"] == "UPDATE_COMPLETE", stacks_lab.failures()
    assert stacks_lab.physical()["Windows"] == table
    (index,) = client.describe_table(TableName=table)["Table"]["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "second"
    found = client.query(
        TableName=table,
        IndexName="second",
        KeyConditionExpression="kind = :kind",
        ExpressionAttributeValues={":kind": {"S": "load"}},
    )
    assert [item["series"]["S"] for item in found["Items"]] == ["cpu"]


def test_values_of_every_type_come_back(stacks_lab: CloudFormationLab) -> None:
    patches = Patches()
    dynamodb.install(patches)
    try:
        stacks_lab.create(template())
        table, client = stacks_lab.physical()["Windows"], stacks_lab.cloud.client("dynamodb")
        items = [
            {
                "series": {"S": name},
                "number": {"N": "1.5"},
                "yes": {"BOOL": True},
                "nothing": {"NULL": True},
                "bytes": {"B": b"\x00\xff"},
                "list": {"L": [{"S": "ключ"}, {"N": "2"}, {"M": {"inner": {"S": "x"}}}]},
                "map": {"M": {"list": {"L": [{"N": "3"}]}}},
                "texts": {"SS": ["a", "b"]},
                "numbers": {"NS": ["1", "2"]},
            }
            for name in ("cpu", "disk", "net")
        ]
        for item in items:
            client.put_item(TableName=table, Item=item)
        first = client.scan(TableName=table, Limit=2)
        second = client.scan(TableName=table, ExclusiveStartKey=first["LastEvaluatedKey"])
        assert first["Items"] + second["Items"] == items
        assert (first["Count"], second["Count"], "LastEvaluatedKey" in second) == (2, 1, False)
        keys = [{"series": {"S": name}} for name in ("net", "none", "cpu")]
        answer = client.batch_get_item(RequestItems={table: {"Keys": keys}})
        assert answer["Responses"][table] == [items[2], items[0]]
        assert answer["UnprocessedKeys"] == {}
    finally:
        patches.undo()
