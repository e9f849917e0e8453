"""KMS: the period of a key's rotation is shown; a key can be put that somebody else made."""

from __future__ import annotations

import json
from typing import Any

from moto.kms.models import kms_backends
from moto.kms.responses import KmsResponse

from penstock.localcloud.shims.patches import Patches

_DEFAULT_DAYS = 365  # KMS API reference, EnableKeyRotation, RotationPeriodInDays


def install(patches: Patches) -> None:
    """EnableKeyRotation's period comes back from GetKeyRotationStatus; moto drops it."""

    def enable(self: Any) -> str:
        answer: str = stock_enable(self)
        backend = self.kms_backend
        key = backend.keys[backend.get_key_id(self._get_param("KeyId"))]
        key.rotation_period_days = self._get_param("RotationPeriodInDays") or _DEFAULT_DAYS
        return answer

    def status(self: Any) -> str:
        answer: dict[str, Any] = json.loads(stock_status(self))
        backend = self.kms_backend
        key = backend.keys[backend.get_key_id(self._get_param("KeyId"))]
        if answer["KeyRotationEnabled"]:
            answer["RotationPeriodInDays"] = getattr(key, "rotation_period_days", _DEFAULT_DAYS)
        return json.dumps(answer)

    stock_enable = patches.replace(KmsResponse, "enable_key_rotation", enable)
    stock_status = patches.replace(KmsResponse, "get_key_rotation_status", status)


def put_key(*, key_arn: str, policy: str, account_id: str, region: str) -> None:
    """A key with an ARN of its owner's, which no API can give it."""
    backend = kms_backends[account_id][region]
    key = backend.create_key(policy, "", "", "", None)
    del backend.keys[key.id]
    key.arn, key.id = key_arn, key_arn.rsplit("/", 1)[-1]
    backend.keys[key.id] = key
