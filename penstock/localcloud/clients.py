"""The one place where workers get boto3 clients: each acts as the role of its own resource."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.utils import parse_timestamp

from penstock.localcloud.authorization.principals import AccessKeys

# service models are large: reading each once, not once per client, is most of a deploy's time
_SERVICE_MODELS = botocore.loaders.create_loader()
DEPLOYER_KEY = "local"  # the access key of whoever deploys


class ClientFactory:
    """Clients and credentials for the local cloud, by role.

    `deployer` stands for the person or pipeline that deploys, an administrator; everything that a
    deployed resource does goes through `for_role` with that resource's own role, or through
    `for_service` where AWS itself does it and the other resource's policy must allow it.

    Args:
        keys: knows whose the access keys are that services act with.
    """

    def __init__(self, *, endpoint_url: str, region: str, keys: AccessKeys | None = None) -> None:
        self._keys = keys or AccessKeys()
        self.endpoint_url = endpoint_url
        self.region = region
        self._lock = threading.RLock()
        self._clients: dict[tuple[str, str, int], Any] = {}
        self._credentials: dict[tuple[str, str, str], dict[str, str]] = {}

    def deployer(self, service: str) -> Any:
        """A client with the deployer's credentials."""
        return self._client(
            "",
            service,
            {"aws_access_key_id": DEPLOYER_KEY, "aws_secret_access_key": "local"},
        )

    def for_service(self, service_principal: str, service: str, *, source_arn: str) -> Any:
        """A client of an AWS service that acts itself, such as sns.amazonaws.com.

        `source_arn` is the resource on whose behalf it acts: aws:SourceArn in policies.
        """
        access_key = self._keys.of_service(service_principal, source_arn)
        return self._client(
            access_key,
            service,
            {"aws_access_key_id": access_key, "aws_secret_access_key": "local"},
        )

    def for_role(
        self, role_arn: str, service: str, *, by: str, source_arn: str = "", attempts: int = 1
    ) -> Any:
        """A client that acts as `role_arn`, which the service principal `by` assumes through STS.

        `source_arn` is the resource for which the service assumes it, where trust policies may ask
        for it. ClientError AccessDenied when the role does not trust the service.

        A request that fails for the service's sake is tried `attempts` times in all, in botocore's
        standard mode; who stands for a service that does something of its own then takes 1.
        """
        credentials = self.credentials(role_arn, by=by, source_arn=source_arn)
        return self._client(
            credentials["AccessKeyId"],
            service,
            {
                "aws_access_key_id": credentials["AccessKeyId"],
                "aws_secret_access_key": credentials["SecretAccessKey"],
                "aws_session_token": credentials["SessionToken"],
            },
            attempts=attempts,
        )

    def credentials(self, role_arn: str, *, by: str, source_arn: str = "") -> dict[str, str]:
        """AccessKeyId, SecretAccessKey and SessionToken of one session of `role_arn`."""
        with self._lock:
            session = (role_arn, by, source_arn)
            if session not in self._credentials:
                answer = self.for_service(by, "sts", source_arn=source_arn).assume_role(
                    RoleArn=role_arn, RoleSessionName="penstock-local"
                )
                self._credentials[session] = answer["Credentials"]
            return self._credentials[session]

    def environment(self, role_arn: str, *, by: str, source_arn: str = "") -> dict[str, str]:
        """AWS_* variables for a process of its own that acts as `role_arn`."""
        credentials = self.credentials(role_arn, by=by, source_arn=source_arn)
        return {
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _client(
        self, who: str, service: str, credentials: dict[str, str], *, attempts: int = 1
    ) -> Any:
        known = (who, service, attempts)
        with self._lock:
            if known not in self._clients:
                # a session of its own: nothing from the user's AWS configuration gets in
                core = botocore.session.Session()
                core.register_component("data_loader", _SERVICE_MODELS)
                core.get_component("response_parser_factory").set_parser_defaults(
                    timestamp_parser=_moment
                )
                session = boto3.session.Session(
                    region_name=self.region, botocore_session=core, **credentials
                )
                self._clients[known] = session.client(
                    service,
                    endpoint_url=self.endpoint_url,
                    config=Config(
                        max_pool_connections=50,
                        read_timeout=900,
                        retries=_retries(attempts),
                        request_checksum_calculation="when_required",
                        response_checksum_validation="when_required",
                        s3={"addressing_style": "path"},
                    ),
                )
            return self._clients[known]


def _retries(attempts: int) -> dict[str, Any]:
    if attempts == 1:
        return {"max_attempts": 0}  # standard mode would speak of retries in every error
    return {"mode": "standard", "total_max_attempts": attempts}


def _moment(value: float | str) -> datetime:
    """A time in an answer; botocore would look up the local zone for each number, in 30 us."""
    if not isinstance(value, str):
        return datetime.fromtimestamp(value, UTC)
    moment: datetime = parse_timestamp(value)
    return moment
