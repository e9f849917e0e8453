"""What SSE-KMS asks of the caller: the key's use through the service that keeps the data."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.localcloud.authorization.call import Access, Call, Holder
from penstock.localcloud.authorization.lookups import Lookups


def key_access(
    operation: str,
    key: str,
    call: Call,
    lookups: Lookups,
    *,
    via: str,
    encryption_context: Mapping[str, str],
) -> list[Access]:
    """kms:`operation` on a customer managed key, through service `via`; nothing for AWS's own keys.

    Every principal of the account may use an AWS managed key through its service (KMS developer
    guide, "AWS managed keys"). Condition keys: the same guide, "AWS KMS condition keys".
    """
    arn = lookups.key_arn(key) if key else ""
    if not arn:
        return []
    context = {
        "kms:ViaService": (f"{via}.{call.region}.amazonaws.com",),
        "kms:CallerAccount": (call.account_id,),
        **context_keys(encryption_context),
    }
    return [Access(f"kms:{operation}", arn, context, Holder("key", arn))]


def context_keys(encryption_context: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """kms:EncryptionContext:... and kms:EncryptionContextKeys."""
    if not encryption_context:
        return {}
    return {
        **{f"kms:EncryptionContext:{key}": (value,) for key, value in encryption_context.items()},
        "kms:EncryptionContextKeys": tuple(encryption_context),
    }
