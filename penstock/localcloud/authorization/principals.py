"""Who stands behind an access key: a session of a role, a service itself, the deployer."""

from __future__ import annotations

import secrets
import string
import threading
from dataclasses import dataclass

from penstock.localcloud.authorization.request import Principal


@dataclass(frozen=True)
class Caller:
    """A principal with what its credentials add.

    `source_arn` is the resource on whose behalf a service acts; `session_policy` limits a session.
    """

    principal: Principal
    administrator: bool = False
    source_arn: str = ""
    session_policy: str = ""


class AccessKeys:
    """The access keys that the local cloud has given out."""

    def __init__(self) -> None:
        self._callers: dict[str, Caller] = {}
        self._services: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def of_service(self, service_principal: str, source_arn: str) -> str:
        """The access key with which a service acts on behalf of a resource."""
        with self._lock:
            known = self._services.get((service_principal, source_arn))
            if known is None:
                known = "ASIA" + "".join(
                    secrets.choice(string.ascii_uppercase + string.digits) for _ in range(16)
                )
                self._services[service_principal, source_arn] = known
                self._callers[known] = Caller(
                    Principal.service(service_principal), source_arn=source_arn
                )
            return known

    def session(self, access_key: str, role_arn: str, session_name: str, policy: str) -> None:
        """STS gave out a session of a role."""
        with self._lock:
            self._callers[access_key] = Caller(
                Principal.session(role_arn, session_name), session_policy=policy
            )

    def caller(self, access_key: str) -> Caller | None:
        """Whose key it is; None for a key that was given out by nobody here."""
        return self._callers.get(access_key)
