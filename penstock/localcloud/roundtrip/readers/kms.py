"""AWS::KMS: what KMS says of keys and aliases."""

from __future__ import annotations

from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader, one_of, pairs


class Key(Reader):
    """A key."""

    type = "AWS::KMS::Key"
    not_given_back = {
        "BypassPolicyLockoutSafetyCheck": "it belongs to the call, not to the key (API reference, "
        "CreateKey)",
        "PendingWindowInDays": "it counts when the key is deleted (API reference, "
        "ScheduleKeyDeletion)",
    }

    def read(self, resource: Deployed) -> Properties:
        """DescribeKey, GetKeyPolicy, GetKeyRotationStatus, ListResourceTags."""
        kms, key = resource.client("kms"), resource.physical_id
        found = kms.describe_key(KeyId=key)["KeyMetadata"]
        rotation = kms.get_key_rotation_status(KeyId=key)
        return {
            **found,
            "EnableKeyRotation": rotation["KeyRotationEnabled"],
            "KeyPolicy": kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"],
            "RotationPeriodInDays": rotation.get("RotationPeriodInDays"),
            "Tags": pairs(kms.list_resource_tags(KeyId=key)["Tags"]),
        }


class Alias(Reader):
    """An alias."""

    type = "AWS::KMS::Alias"

    def read(self, resource: Deployed) -> Properties:
        """ListAliases; a key may be asked for by its id or its ARN."""
        aliases = resource.client("kms").list_aliases()["Aliases"]
        found = one_of(aliases, "AliasName", resource.physical_id)
        target = str(found.get("TargetKeyId", ""))
        asked = str(resource.asked["TargetKeyId"])
        return {**found, "TargetKeyId": asked if asked.rsplit("/", 1)[-1] == target else target}
