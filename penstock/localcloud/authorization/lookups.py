"""What the authorization asks of the deployed resources: policies, keys, roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from penstock.localcloud.authorization.call import Holder


@dataclass(frozen=True)
class Text:
    """A policy as it was put, and where it is from ("role X, inline policy Y")."""

    origin: str
    document: str


@dataclass(frozen=True)
class Encryption:
    """How an object or a bucket is encrypted. `key` is as it was given; empty: the AWS key."""

    algorithm: str
    key: str = ""
    bucket_key: bool = False


@dataclass(frozen=True)
class Machine:
    """A state machine: its definition as JSON, its role, and whether its log has a destination."""

    definition: str
    role_arn: str
    logged: bool


@dataclass(frozen=True)
class Grant:
    """A grant on a key; principals are ARNs, `retiring` is empty where it names none.

    `constraints` is as in CreateGrant: EncryptionContextEquals or EncryptionContextSubset.
    """

    grant_id: str
    key_arn: str
    grantee: str
    operations: tuple[str, ...]
    retiring: str = ""
    constraints: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Lookups(Protocol):
    """Reads the state of the cloud as it is now; whatever is not there gives "" or None."""

    def role_policies(self, role_arn: str) -> tuple[Text, ...]:
        """Inline and attached policies of a role."""

    def user_policies(self, user_arn: str) -> tuple[Text, ...]:
        """Inline and attached policies of a user and of the user's groups."""

    def boundary(self, principal_arn: str) -> tuple[Text, ...] | None:
        """The permissions boundary of a role or user."""

    def resource_policy(self, holder: Holder) -> Text | None:
        """The policy of a bucket, key, topic, queue, function, grant or role (its trust policy)."""

    def key_arn(self, reference: str) -> str:
        """The ARN of a customer managed key by id, ARN, alias or alias ARN; "" for AWS's own."""

    def grants(self, key_arn: str) -> tuple[Grant, ...]:
        """The grants on a key."""

    def grant(self, grant_id: str, token: str) -> Grant | None:
        """A grant by its id or its token, whichever is given."""

    def object_exists(self, bucket: str, key: str, version_id: str) -> bool:
        """Whether S3 has the object."""

    def bucket_exists(self, bucket: str) -> bool:
        """Whether S3 has the bucket."""

    def object_encryption(self, bucket: str, key: str, version_id: str) -> Encryption | None:
        """How a stored object is encrypted."""

    def upload_encryption(self, bucket: str, upload_id: str) -> Encryption | None:
        """How the object of a multipart upload will be encrypted."""

    def bucket_encryption(self, bucket: str) -> Encryption | None:
        """The bucket's default encryption."""

    def stream_key(self, stream_arn: str) -> str:
        """The key of an encrypted Kinesis stream, as it was given."""

    def stream_of_iterator(self, iterator: str) -> str:
        """The name of the stream that a shard iterator reads."""

    def topic_key(self, topic_arn: str) -> str:
        """The key of an encrypted topic."""

    def queue_key(self, queue_arn: str) -> str:
        """The key of an encrypted queue."""

    def table_key(self, table_name: str) -> str:
        """The customer managed key of a DynamoDB table."""

    def parameter_key(self, name: str) -> str:
        """The key of a SecureString; "" for other parameters."""

    def role_arn(self, role: str) -> str:
        """The ARN of a role that a service was given by name or ARN."""

    def mapping_function(self, uuid: str) -> str:
        """The ARN of the function of an event source mapping."""

    def state_machine(self, arn: str) -> Machine | None:
        """A state machine that is there."""

    def model_package_arn(self, name: str) -> str:
        """The ARN of a model package by name or ARN."""

    def tags(self, arn: str) -> dict[str, str] | None:
        """The tags of a resource; None where they are not known of its kind."""

    def stack_arn(self, name: str) -> str:
        """The ARN of a stack by name or ARN; of one that is not there stack/NAME/*."""
