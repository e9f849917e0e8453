"""What the authorization wants to know of resources, read from moto's backends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from moto.awslambda.utils import get_backend as lambda_backend
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.s3.models import FakeDeleteMarker, s3_backends
from moto.sagemaker.models import sagemaker_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from penstock.localcloud.authorization.call import Holder
from penstock.localcloud.authorization.grants import on_itself
from penstock.localcloud.authorization.lookups import Encryption, Machine, Text
from penstock.localcloud.cloudformation.state import StackState
from penstock.localcloud.shims.authorization_keys import KeyLookups
from penstock.localcloud.shims.resource_tags import tags_of

Stacks = Callable[[], Iterable[StackState]]


class MotoLookups(KeyLookups):
    """Reads moto's state; it never changes it."""

    def __init__(self, *, account_id: str, region: str, stacks: Stacks) -> None:
        super().__init__(account_id=account_id, region=region)
        self._stacks = stacks

    @property
    def _iam(self) -> Any:
        return iam_backends[self._account_id]["aws"]

    @property
    def _s3(self) -> Any:
        return s3_backends[self._account_id]["aws"]

    # --- who may: policies

    def role_policies(self, role_arn: str) -> tuple[Text, ...]:
        role = self._role(role_arn)
        return () if role is None else _identity(f"role {role.name}", role)

    def user_policies(self, user_arn: str) -> tuple[Text, ...]:
        name = user_arn.rsplit("/", 1)[-1]
        user = self._iam.users.get(name)
        if user is None:
            return ()
        groups = [group for group in self._iam.groups.values() if user in group.users]
        return (
            *_identity(f"user {name}", user),
            *(text for group in groups for text in _identity(f"group {group.name}", group)),
        )

    def boundary(self, principal_arn: str) -> tuple[Text, ...] | None:
        role = self._role(principal_arn)
        arn = None if role is None else role.permissions_boundary_arn
        if not arn:
            return None
        policy = self._iam.managed_policies.get(arn)
        if policy is None:
            return ()
        return (Text(f"permissions boundary {policy.name}", _default_document(policy)),)

    def resource_policy(self, holder: Holder) -> Text | None:
        document = _POLICIES[holder.kind](self, holder.arn)
        if not document:
            return None
        name = holder.arn.rsplit(":", 1)[-1]
        what = "trust policy" if holder.kind == "role" else f"{holder.kind} policy"
        return Text(f"{what} of {name.removeprefix('role/')}", document)

    def _bucket_policy(self, arn: str) -> str:
        bucket = self._s3.buckets.get(arn.rsplit(":", 1)[-1])
        return "" if bucket is None or not bucket.policy else bucket.policy.decode()

    def _key_policy(self, arn: str) -> str:
        key = self._backend(kms_backends).keys.get(arn.rsplit("/", 1)[-1])
        return "" if key is None else str(key.policy)

    def _grant_policy(self, arn: str) -> str:
        grant = self.grant(arn.rsplit("/", 1)[-1], "")
        return "" if grant is None else on_itself(grant)

    def _topic_policy(self, arn: str) -> str:
        topic = self._backend(sns_backends).topics.get(arn)
        return "" if topic is None else str(topic.policy)

    def _queue_policy(self, arn: str) -> str:
        queue = self._backend(sqs_backends).queues.get(arn.rsplit(":", 1)[-1])
        return "" if queue is None else str(queue.policy or "")

    def _function_policy(self, arn: str) -> str:
        function = self._function(arn)
        statements = function.policy.statements if function and function.policy else []
        return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else ""

    def _trust_policy(self, arn: str) -> str:
        role = self._role(arn)
        return "" if role is None else str(role.assume_role_policy_document)

    def _log_policies(self, _arn: str) -> str:
        statements: list[Any] = []
        for policy in list(self._backend(logs_backends).resource_policies.values()):
            given = json.loads(policy.policy_document)["Statement"]
            statements += given if isinstance(given, list) else [given]
        return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else ""

    def _bus_policy(self, _arn: str) -> str:
        return ""  # rules and PutEvents of the account itself need none

    def _role(self, arn: str) -> Any:
        # a copy: other threads make roles meanwhile
        return next((role for role in list(self._iam.roles.values()) if role.arn == arn), None)

    # --- S3

    def bucket_exists(self, bucket: str) -> bool:
        return bucket in self._s3.buckets

    def _object(self, bucket: str, key: str, version_id: str) -> Any:
        there = self._s3.buckets.get(bucket)
        if there is None:
            return None
        if not version_id:
            found = there.keys.get(key)
        else:
            versions = there.keys.getlist(key, default=[])
            found = next((one for one in versions if str(one.version_id) == version_id), None)
        return None if isinstance(found, FakeDeleteMarker) else found

    def object_exists(self, bucket: str, key: str, version_id: str) -> bool:
        return self._object(bucket, key, version_id) is not None

    def object_encryption(self, bucket: str, key: str, version_id: str) -> Encryption | None:
        return _encryption(self._object(bucket, key, version_id))

    def upload_encryption(self, bucket: str, upload_id: str) -> Encryption | None:
        there = self._s3.buckets.get(bucket)
        upload = None if there is None else there.multiparts.get(upload_id)
        if upload is None:
            return None
        if upload.sse_encryption:
            return Encryption(str(upload.sse_encryption), str(upload.kms_key_id or ""))
        return self.bucket_encryption(bucket)

    def bucket_encryption(self, bucket: str) -> Encryption | None:
        there = self._s3.buckets.get(bucket)
        if there is None or not there.encryption:
            return None
        rule = there.encryption["Rule"]
        rule = rule[0] if isinstance(rule, list) else rule
        default = rule["ApplyServerSideEncryptionByDefault"]
        return Encryption(
            str(default["SSEAlgorithm"]),
            str(default.get("KMSMasterKeyID") or ""),
            str(rule.get("BucketKeyEnabled", "false")).lower() == "true",
        )

    # --- names

    def role_arn(self, role: str) -> str:
        if role.startswith("arn:"):
            return role
        name = role.rsplit("/", 1)[-1]
        found = next((one for one in list(self._iam.roles.values()) if one.name == name), None)
        return f"arn:aws:iam::{self._account_id}:role/{role}" if found is None else str(found.arn)

    def mapping_function(self, uuid: str) -> str:
        mapping = lambda_backend(self._account_id, self._region)._event_source_mappings.get(uuid)
        return "" if mapping is None else str(mapping.function_arn)

    def state_machine(self, arn: str) -> Machine | None:
        machines = list(self._backend(stepfunctions_parser_backends).state_machines)
        found = next((one for one in machines if one.arn == arn), None)
        if found is None:
            return None
        logged = bool((found.loggingConfiguration or {}).get("destinations"))
        return Machine(found.definition, found.roleArn, logged)

    def model_package_arn(self, name: str) -> str:
        if name.startswith("arn:"):
            return name
        sagemaker = self._backend(sagemaker_backends)
        if name in sagemaker.model_package_groups:
            return str(sagemaker.model_package_groups[name].arn)
        known = sagemaker.model_package_name_mapping.get(name)
        return str(
            known or f"arn:aws:sagemaker:{self._region}:{self._account_id}:model-package/{name}"
        )

    def stack_arn(self, name: str) -> str:
        if name.startswith("arn:"):
            return name
        known = next((stack.stack_id for stack in self._stacks() if stack.name == name), None)
        form = f"arn:aws:cloudformation:{self._region}:{self._account_id}:stack"
        return known or f"{form}/{name or '*'}/*"

    def tags(self, arn: str) -> dict[str, str] | None:
        service, _, path = arn.removeprefix("arn:aws:").partition(":")
        if service != "cloudformation":
            return tags_of(arn, self._account_id, self._region)
        name = path.split("/")[1]
        return next((dict(stack.tags) for stack in self._stacks() if stack.name == name), {})

    def _function(self, arn: str) -> Any:
        name = arn.split(":function:")[-1].split(":")[0]
        versions = lambda_backend(self._account_id, self._region)._lambdas._functions.get(name)
        return None if versions is None else versions["latest"]


_POLICIES: dict[str, Callable[[MotoLookups, str], str]] = {
    "bucket": MotoLookups._bucket_policy,
    "bus": MotoLookups._bus_policy,
    "function": MotoLookups._function_policy,
    "grant": MotoLookups._grant_policy,
    "key": MotoLookups._key_policy,
    "log": MotoLookups._log_policies,
    "queue": MotoLookups._queue_policy,
    "role": MotoLookups._trust_policy,
    "topic": MotoLookups._topic_policy,
}


def _identity(who: str, holder: Any) -> tuple[Text, ...]:
    inline = (
        Text(f"{who}, inline policy {name}", document)
        for name, document in list(holder.policies.items())
    )
    managed = (
        Text(f"managed policy {policy.name} of {who}", _default_document(policy))
        for policy in list(holder.managed_policies.values())
    )
    return (*inline, *managed)


def _default_document(policy: Any) -> str:
    versions = policy.versions
    return str(next(v.document for v in versions if v.version_id == policy.default_version_id))


def _encryption(thing: Any) -> Encryption | None:
    if thing is None or not thing.encryption:
        return None
    return Encryption(
        str(thing.encryption),
        str(thing.kms_key_id or ""),
        str(thing.bucket_key_enabled or "").lower() == "true",
    )
