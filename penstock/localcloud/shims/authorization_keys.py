"""What the authorization wants to know of keys and what they encrypt, read from moto's backends."""

from __future__ import annotations

from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.kinesis.models import kinesis_backends
from moto.kinesis.utils import decompose_shard_iterator
from moto.kms.models import kms_backends
from moto.kms.utils import RESERVED_ALIASES
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.ssm.models import ssm_backends

from penstock.localcloud.authorization.lookups import Grant


class KeyLookups:
    """Keys by their names, their grants, and the keys of what other services keep."""

    def __init__(self, *, account_id: str, region: str) -> None:
        self._account_id = account_id
        self._region = region

    def _backend(self, backends: Any) -> Any:
        return backends[self._account_id][self._region]

    def key_arn(self, reference: str) -> str:
        kms = self._backend(kms_backends)
        name = reference.split(":")[-1]
        if name.startswith("alias/"):
            if name in RESERVED_ALIASES or name.startswith("alias/aws/"):
                return ""
            found = next((key for key in list(kms.keys.values()) if name in key.aliases), None)
        else:
            found = kms.keys.get(name.rsplit("/", 1)[-1])
        if found is None or any(alias.startswith("alias/aws/") for alias in found.aliases):
            return ""
        return str(found.arn)

    def stream_key(self, stream_arn: str) -> str:
        stream = self._backend(kinesis_backends).streams.get(stream_arn.rsplit("/", 1)[-1])
        return str(stream.key_id or "") if stream and stream.encryption_type == "KMS" else ""

    def stream_of_iterator(self, iterator: str) -> str:
        return str(decompose_shard_iterator(iterator)[0])

    def topic_key(self, topic_arn: str) -> str:
        topic = self._backend(sns_backends).topics.get(topic_arn)
        return "" if topic is None else str(topic.kms_master_key_id or "")

    def queue_key(self, queue_arn: str) -> str:
        queue = self._backend(sqs_backends).queues.get(queue_arn.rsplit(":", 1)[-1])
        return "" if queue is None else str(queue.kms_master_key_id or "")

    def table_key(self, table_name: str) -> str:
        table = self._backend(dynamodb_backends).tables.get(table_name)
        encryption = (table.sse_specification or {}) if table is not None else {}
        return str(encryption.get("KMSMasterKeyId", "")) if encryption.get("Enabled") else ""

    def parameter_key(self, name: str) -> str:
        found = self._backend(ssm_backends)._parameters.get(name)
        if not found or found[-1].parameter_type != "SecureString":
            return ""
        return str(found[-1].keyid or "")

    def grants(self, key_arn: str) -> tuple[Grant, ...]:
        key = self._backend(kms_backends).keys.get(key_arn.rsplit("/", 1)[-1])
        # a copy: other threads make grants meanwhile
        return () if key is None else tuple(_grant(key, one) for one in list(key.grants.values()))

    def grant(self, grant_id: str, token: str) -> Grant | None:
        for key in list(self._backend(kms_backends).keys.values()):
            for one in list(key.grants.values()):
                if one.token == token if token else one.id == grant_id:
                    return _grant(key, one)
        return None


def _grant(key: Any, kept: Any) -> Grant:
    return Grant(
        grant_id=str(kept.id),
        key_arn=str(key.arn),
        grantee=str(kept.grantee_principal),
        operations=tuple(kept.operations),
        retiring=str(kept.retiring_principal or ""),
        constraints=kept.constraints or {},
    )
