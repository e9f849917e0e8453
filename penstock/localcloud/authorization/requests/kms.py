"""KMS: keys with their policies, by id, ARN or alias."""

from __future__ import annotations

import base64

from penstock.localcloud.authorization.call import Access, Call, Holder
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.encryption import context_keys
from penstock.localcloud.authorization.requests.naming import tag_context

_WITHOUT = frozenset(
    [
        "ConnectCustomKeyStore",
        "CreateCustomKeyStore",
        "CreateKey",
        "DeleteCustomKeyStore",
        "DescribeCustomKeyStores",
        "DisconnectCustomKeyStore",
        "GenerateRandom",
        "ListAliases",
        "ListKeys",
        "ListRetirableGrants",
        "UpdateCustomKeyStore",
    ]
)


def accesses(call: Call, lookups: Lookups) -> list[Access]:
    """The operation on its key; ReEncrypt on both keys, an alias also on the alias."""
    if call.operation in _WITHOUT:
        return [Access(f"kms:{call.operation}", "*", tag_context(call))]
    context = {
        "kms:CallerAccount": (call.account_id,),
        **tag_context(call),
        **context_keys(call.parameters.get("EncryptionContext") or {}),
    }
    if call.operation == "CreateGrant":
        operations = call.parameters.get("Operations") or []
        context["kms:GrantOperations"] = tuple(map(str, operations))
        context["kms:GranteePrincipal"] = (call.text("GranteePrincipal"),)
        context["kms:GrantIsForAWSResource"] = ("false",)
    if call.operation == "ReEncrypt":
        source = call.text("SourceKeyId") or _key_in(call.parameters.get("CiphertextBlob"))
        return [
            *_on(lookups, "ReEncryptFrom", source, context),
            *_on(lookups, "ReEncryptTo", call.text("DestinationKeyId"), context),
        ]
    if call.operation in ("CreateAlias", "UpdateAlias", "DeleteAlias"):
        alias = call.text("AliasName")
        key = call.text("TargetKeyId") or alias
        return [
            Access(f"kms:{call.operation}", call.arn("kms", alias), context),
            *_on(lookups, call.operation, key, context),
        ]
    key = call.text("KeyId") or _key_in(call.parameters.get("CiphertextBlob"))
    if key.startswith("alias/"):
        context["kms:RequestAlias"] = (key,)
    return _on(lookups, call.operation, key, context)


def _on(
    lookups: Lookups, operation: str, key: str, context: dict[str, tuple[str, ...]]
) -> list[Access]:
    """Nothing for a key that is not there: KMS then answers NotFoundException."""
    arn = lookups.key_arn(key)
    return [Access(f"kms:{operation}", arn, context, Holder("key", arn))] if arn else []


def _key_in(ciphertext: object) -> str:
    """The key's id, which a ciphertext of moto begins with (KMS's own hide it)."""
    if not isinstance(ciphertext, str):
        return ""
    return base64.b64decode(ciphertext)[:36].decode("ascii", "replace")
