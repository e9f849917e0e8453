"""AWS::KMS: keys and aliases. Nothing is encrypted here; the API knows keys and policies."""

from __future__ import annotations

from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    changed,
    tag_map,
)
from penstock.localcloud.cloudformation.shapes import call
from penstock.localcloud.cloudformation.types.api import document, ignoring, retag, tag_list
from penstock.localcloud.ledger import Life

_CREATION = ("Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin")


class Key(Handler):
    """Ref is the key id; attributes Arn and KeyId."""

    type = "AWS::KMS::Key"
    life = Life.LIVE
    properties = frozenset(
        {
            *_CREATION,
            "BypassPolicyLockoutSafetyCheck",
            "EnableKeyRotation",
            "Enabled",
            "KeyPolicy",
            "PendingWindowInDays",
            "RotationPeriodInDays",
            "Tags",
        }
    )
    replace_on = frozenset({"KeySpec", "KeyUsage", "MultiRegion", "Origin"})
    tag_style = "list"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateKey, then rotation and state."""
        kms = context.client("kms")
        arguments = {name: properties[name] for name in _CREATION if name in properties}
        if "KeyPolicy" in properties:
            arguments["Policy"] = document(properties["KeyPolicy"])
        arguments["Tags"] = _tags(tag_map(properties))
        key = call(kms, "create_key", arguments)["KeyMetadata"]
        context.made(key["KeyId"])
        self._set_rotation(context, key["KeyId"], properties)
        if _off(properties.get("Enabled", True)):
            kms.disable_key(KeyId=key["KeyId"])
        return Created(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """Policy, description, rotation, state and tags change in place."""
        kms = context.client("kms")
        if changed(old, new, "KeyPolicy") and "KeyPolicy" in new:
            kms.put_key_policy(
                KeyId=physical_id, PolicyName="default", Policy=document(new["KeyPolicy"])
            )
        if changed(old, new, "Description"):
            kms.update_key_description(KeyId=physical_id, Description=new.get("Description", ""))
        if changed(old, new, "EnableKeyRotation", "RotationPeriodInDays"):
            self._set_rotation(context, physical_id, new)
        if changed(old, new, "Enabled"):
            switch = kms.disable_key if _off(new.get("Enabled", True)) else kms.enable_key
            switch(KeyId=physical_id)
        retag(kms, old, new, written=_tags, KeyId=physical_id)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """ScheduleKeyDeletion after PendingWindowInDays (30 by default, as in CloudFormation)."""
        ignoring(
            ("NotFoundException", "KMSInvalidStateException"),
            context.client("kms").schedule_key_deletion,
            KeyId=physical_id,
            PendingWindowInDays=int(properties.get("PendingWindowInDays", 30)),
        )

    @staticmethod
    def _set_rotation(context: ResourceContext, key_id: str, properties: Properties) -> None:
        kms = context.client("kms")
        if _off(properties.get("EnableKeyRotation", False)):
            if kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"]:
                kms.disable_key_rotation(KeyId=key_id)
            return
        period = properties.get("RotationPeriodInDays")
        extra = {"RotationPeriodInDays": int(period)} if period is not None else {}
        kms.enable_key_rotation(KeyId=key_id, **extra)


class Alias(Handler):
    """Ref is the alias name."""

    type = "AWS::KMS::Alias"
    life = Life.LIVE
    properties = frozenset({"AliasName", "TargetKeyId"})
    required = properties
    replace_on = frozenset({"AliasName"})
    name_property = "AliasName"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateAlias."""
        context.client("kms").create_alias(
            AliasName=properties["AliasName"], TargetKeyId=properties["TargetKeyId"]
        )
        return Created(properties["AliasName"])

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """The alias points to another key."""
        context.client("kms").update_alias(AliasName=physical_id, TargetKeyId=new["TargetKeyId"])

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteAlias."""
        ignoring(("NotFoundException",), context.client("kms").delete_alias, AliasName=physical_id)


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return tag_list(tags, "TagKey", "TagValue")


def _off(value: object) -> bool:
    return str(value).lower() != "true"
