"""KMS: keys with their policies, by id, ARN or alias."""

from __future__ import annotations

import base64

from penstock.localcloud.authorization.call import Access, Call, Holder, NotDerivedError
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
    if call.operation in ("CreateGrant", "ListGrants", "RevokeGrant"):
        # no service calls by this way: KMS developer guide, "kms:GrantIsForAWSResource"
        context |= {**_new_grant(call), "kms:GrantIsForAWSResource": ("false",)}
    if call.operation == "RetireGrant":
        return [_retire(call, lookups, context)]
    if call.operation == "ReEncrypt":
        source = call.text("SourceKeyId") or _key_in(call.parameters.get("CiphertextBlob"))
        before, after = (
            {**context, **context_keys(call.parameters.get(f"{side}EncryptionContext") or {})}
            for side in ("Source", "Destination")
        )
        return [
            *_on(call, lookups, "ReEncryptFrom", source, before),
            *_on(call, lookups, "ReEncryptTo", call.text("DestinationKeyId"), after),
        ]
    if call.operation in ("CreateAlias", "UpdateAlias", "DeleteAlias"):
        alias = call.text("AliasName")
        key = call.text("TargetKeyId") or alias
        return [
            Access(f"kms:{call.operation}", call.arn("kms", alias), context),
            *_on(call, lookups, call.operation, key, context),
        ]
    key = call.text("KeyId") or _key_in(call.parameters.get("CiphertextBlob"))
    if key.startswith("alias/"):
        context["kms:RequestAlias"] = (key,)
    return _on(call, lookups, call.operation, key, context)


def _new_grant(call: Call) -> dict[str, tuple[str, ...]]:
    """Source: KMS developer guide, "Condition keys for AWS KMS"."""
    if call.operation != "CreateGrant":
        return {}
    found = {
        "kms:GrantOperations": tuple(map(str, call.parameters.get("Operations") or [])),
        "kms:GranteePrincipal": (call.text("GranteePrincipal"),),
    }
    if call.text("RetiringPrincipal"):
        found["kms:RetiringPrincipal"] = (call.text("RetiringPrincipal"),)
    constraints = call.parameters.get("Constraints") or {}
    if constraints:
        found["kms:GrantConstraintType"] = tuple(constraints)
    return found


def _retire(call: Call, lookups: Lookups, context: dict[str, tuple[str, ...]]) -> Access:
    grant = lookups.grant(call.text("GrantId"), call.text("GrantToken"))
    if grant is None:
        raise NotDerivedError("no grant has the id or token of kms:RetireGrant")
    holder = Holder("grant", f"{grant.key_arn}/{grant.grant_id}")
    return Access("kms:RetireGrant", grant.key_arn, context, holder)


def _on(
    call: Call, lookups: Lookups, action: str, key: str, context: dict[str, tuple[str, ...]]
) -> list[Access]:
    """Of a key that is not there, and of AWS's own, the caller's policies alone decide."""
    if not key:
        raise NotDerivedError(f"no key is known for kms:{call.operation}")
    arn = lookups.key_arn(key)
    if arn:
        return [Access(f"kms:{action}", arn, context, Holder("key", arn))]
    path = key if key.startswith("alias/") else f"key/{key}"
    return [Access(f"kms:{action}", key if key[:4] == "arn:" else call.arn("kms", path), context)]


def _key_in(ciphertext: object) -> str:
    """The key's id, which a ciphertext of moto begins with (KMS's own hide it)."""
    if not isinstance(ciphertext, str):
        return ""
    return base64.b64decode(ciphertext)[:36].decode("ascii", "replace")
