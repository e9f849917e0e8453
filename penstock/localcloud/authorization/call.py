"""One API call as the authorization sees it, and what the call needs to be allowed to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Context = Mapping[str, tuple[str, ...]]


class NotDerivedError(Exception):
    """The action or the resource of a call is not known here."""


@dataclass(frozen=True)
class Holder:
    """What may carry a resource policy: its kind ("bucket", "key", "topic" ...) and its ARN."""

    kind: str
    arn: str


@dataclass(frozen=True)
class Access:
    """One action on one resource.

    `holder` has the resource policy that counts, if any does. `by` is the service principal that
    will need the access for itself, in place of the caller; `role` the role in whose name a service
    will. `says` is how the service words its refusal, where it is not in IAM's words.
    """

    action: str
    resource: str
    context: Context = field(default_factory=dict)
    holder: Holder | None = None
    by: str = ""
    role: str = ""
    says: str = ""


class Call:
    """A request by its API's names.

    Args:
        service: botocore's name of the service.
        operation: the API operation.
        headers: of the HTTP request, by lower-case names.
        parse: gives the parameters by their names in botocore's model; called when needed.
    """

    def __init__(
        self,
        *,
        service: str,
        operation: str,
        headers: Mapping[str, str],
        region: str,
        account_id: str,
        parse: Callable[[], Mapping[str, Any]],
        partition: str = "aws",
    ) -> None:
        self.service = service
        self.operation = operation
        self.headers = headers
        self.region = region
        self.account_id = account_id
        self.partition = partition
        self._parse = parse

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """The input structure of the operation."""
        return self._parse()

    def text(self, name: str) -> str:
        """A parameter as text; empty when it is not given."""
        value = self.parameters.get(name)
        return "" if value is None else str(value)

    def arn(self, service: str, resource: str) -> str:
        """An ARN in the cloud's account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"
