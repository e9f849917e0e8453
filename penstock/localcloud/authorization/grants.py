"""KMS grants as statements: what the grantee may do with the key, and who may retire the grant.

Source: AWS KMS developer guide, "Grants in AWS KMS" and "Condition keys for AWS KMS".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from penstock.localcloud.authorization.lookups import Grant, Text

# the others have no encryption context that a constraint could look at
_CONSTRAINED = frozenset(
    [
        "Decrypt",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom",
        "ReEncryptTo",
    ]
)
_OF_GRANTS = frozenset(["CreateGrant", "RetireGrant"])


def on_the_key(grant: Grant) -> Text:
    """What a grant allows on its key, beside the key's policy.

    A child grant has no more operations than its parent; that its constraints are at least as
    strict, which KMS asks for, too, is not looked at.
    """
    constrained = [one for one in grant.operations if one in _CONSTRAINED]
    free = [one for one in grant.operations if one not in _CONSTRAINED | _OF_GRANTS]
    statements = [_allow(grant.grantee, constrained, _condition(grant.constraints))]
    statements.append(_allow(grant.grantee, free, {}))
    if "CreateGrant" in grant.operations:
        fewer = {"ForAllValues:StringEquals": {"kms:GrantOperations": list(grant.operations)}}
        statements.append(_allow(grant.grantee, ["CreateGrant"], fewer))
    key = grant.key_arn.rsplit("/", 1)[-1]
    return Text(f"grant {grant.grant_id} of key {key}", _policy(statements))


def on_itself(grant: Grant) -> str:
    """The policy of who may retire it: the principal that it names, the grantee if it says so.

    A policy alone cannot allow that (KMS API reference, RetireGrant).
    """
    principals = [grant.retiring] if grant.retiring else []
    if "RetireGrant" in grant.operations:
        principals.append(grant.grantee)
    return _policy(_allow(one, ["RetireGrant"], {}) for one in principals)


def _condition(constraints: Mapping[str, Mapping[str, str]]) -> Mapping[str, Any]:
    exact = constraints.get("EncryptionContextEquals")
    context = exact or constraints.get("EncryptionContextSubset")
    if not context:
        return {}
    found: dict[str, Any] = {
        "StringEquals": {f"kms:EncryptionContext:{key}": text for key, text in context.items()}
    }
    if exact:
        found["ForAllValues:StringEquals"] = {"kms:EncryptionContextKeys": list(exact)}
    return found


def _allow(principal: str, operations: list[str], condition: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": [f"kms:{operation}" for operation in operations],
        "Resource": "*",
        **({"Condition": condition} if condition else {}),
    }


def _policy(statements: Iterable[dict[str, Any]]) -> str:
    # without a Version: what looks like a variable in an encryption context is none
    return json.dumps({"Statement": [one for one in statements if one["Action"]]})
