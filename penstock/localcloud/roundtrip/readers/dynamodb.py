"""AWS::DynamoDB: what DynamoDB says of tables."""

from __future__ import annotations

from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader, pairs


class Table(Reader):
    """A table with its expiry and recovery."""

    type = "AWS::DynamoDB::Table"

    def read(self, resource: Deployed) -> Properties:
        """DescribeTable, DescribeTimeToLive, DescribeContinuousBackups, ListTagsOfResource."""
        tables, name = resource.client("dynamodb"), resource.physical_id
        table = tables.describe_table(TableName=name)["Table"]
        expiry = tables.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        backups = tables.describe_continuous_backups(TableName=name)
        recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        encryption = table.get("SSEDescription", {})
        return {
            **table,
            "BillingMode": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
            "PointInTimeRecoverySpecification": {
                **recovery,
                "PointInTimeRecoveryEnabled": recovery["PointInTimeRecoveryStatus"] == "ENABLED",
            },
            "SSESpecification": {
                "SSEEnabled": encryption.get("Status") == "ENABLED",
                "SSEType": encryption.get("SSEType"),
                "KMSMasterKeyId": encryption.get("KMSMasterKeyArn"),
            },
            "Tags": pairs(tables.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]),
            "TimeToLiveSpecification": {
                "AttributeName": expiry.get("AttributeName"),
                "Enabled": expiry["TimeToLiveStatus"] == "ENABLED",
            },
        }
