"""Policy documents: parsed once, matched often.

Source: IAM user guide, "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from penstock.localcloud.authorization.conditions import Conditions
from penstock.localcloud.authorization.errors import NotUnderstoodError, PolicyError
from penstock.localcloud.authorization.principal_element import Meant, PrincipalElement
from penstock.localcloud.authorization.request import Request
from penstock.localcloud.authorization.variables import Text, pattern

_ELEMENTS = {
    *("Sid", "Effect", "Condition"),
    *("Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal"),
}
# the first version with policy variables
_WITH_VARIABLES = "2012-10-17"


@dataclass(frozen=True)
class Origin:
    """Where a statement stands: the policy in words and the statement's place, from 0."""

    policy: str
    index: int

    def __str__(self) -> str:
        return f"statement {self.index + 1} of the {self.policy}"


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement; None in place of an element that it does not have."""

    origin: Origin
    sid: str
    effect: str
    actions: tuple[str, ...] | None
    not_actions: tuple[str, ...] | None
    resources: tuple[Text, ...] | None
    not_resources: tuple[Text, ...] | None
    principals: PrincipalElement | None
    not_principals: PrincipalElement | None
    conditions: Conditions
    document: Mapping[str, Any] = field(repr=False)

    @cached_property
    def keys(self) -> frozenset[str]:
        """Condition keys that it looks at, in lower case."""
        texts = (*(self.resources or ()), *(self.not_resources or ()))
        return self.conditions.keys.union(*(text.keys for text in texts))

    def covers_action(self, request: Request) -> bool:
        """Case does not count."""
        covered = self._covered.get(request.action)
        if covered is None:
            found = self._action_pattern.fullmatch(request.action.lower()) is not None
            covered = self._covered[request.action] = found == (self.actions is not None)
        return covered

    def covers_resource(self, request: Request) -> bool:
        """Case counts; a trust policy has no such element. A variable without a value fits nothing.

        Raises NotUnderstoodError where that would make NotResource wider.
        """
        if self.resources is not None:
            return any(text.matches(request.resource, request.values) for text in self.resources)
        if self.not_resources is None:
            return True
        outcomes = [text.matches(request.resource, request.values) for text in self.not_resources]
        if None in outcomes and not any(outcomes):
            raise NotUnderstoodError(
                "NotResource takes a variable that the request has no value for"
            )
        return not any(outcomes)

    def means(self, request: Request) -> Meant:
        """How the statement means the caller; identity policies mean whoever they belong to."""
        principal = request.principal
        if self.principals is not None:
            return self.principals.means(principal)
        if self.not_principals is not None:
            spared = self.not_principals.names_every_form_of(principal)
            return Meant.NOT if spared else Meant.DIRECTLY
        return Meant.DIRECTLY

    def applies(self, request: Request) -> Meant:
        """How the statement applies; NotUnderstoodError if that hangs on its conditions."""
        if not self.covers_action(request) or not self.covers_resource(request):
            return Meant.NOT
        meant = self.means(request)
        if meant and not self.conditions.hold(request.values):
            return Meant.NOT
        return meant

    @cached_property
    def _covered(self) -> dict[str, bool]:
        """Actions asked about before: there are few, and each is asked about often."""
        return {}

    @cached_property
    def _action_pattern(self) -> re.Pattern[str]:
        written = self.actions if self.actions is not None else self.not_actions or ()
        return re.compile("|".join(pattern(action.lower()).pattern for action in written), re.S)


class PolicyDocument:
    """A policy as JSON."""

    @staticmethod
    def parse(document: str | Mapping[str, Any], policy: str) -> tuple[Statement, ...]:
        """The statements; `policy` says in words where they stand: "bucket policy of X".

        Raises PolicyError, one line that names the policy, where IAM would call it malformed.
        """
        try:
            content = json.loads(document) if isinstance(document, str) else document
            if not isinstance(content, Mapping) or "Statement" not in content:
                raise PolicyError("it has no Statement")
            variables = content.get("Version") == _WITH_VARIABLES
            written = content["Statement"]
            return tuple(
                _statement(statement, Origin(policy, index), variables)
                for index, statement in enumerate(
                    written if isinstance(written, list) else [written]
                )
            )
        except json.JSONDecodeError:
            raise PolicyError(f"{policy}: not JSON") from None
        except PolicyError as error:
            raise PolicyError(f"{policy}: {error}") from None


def _statement(written: Any, origin: Origin, variables: bool) -> Statement:
    if not isinstance(written, Mapping):
        raise PolicyError(f"statement {origin.index + 1} is not an object")
    unknown = sorted(set(written) - _ELEMENTS)
    if unknown:
        raise PolicyError(f"statement {origin.index + 1} has {unknown[0]}, which is no element")
    if written.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError(f"statement {origin.index + 1}: Effect must be Allow or Deny")
    if ("Action" in written) == ("NotAction" in written):
        raise PolicyError(f"statement {origin.index + 1} needs one of Action and NotAction")
    for name in ("Resource", "Principal"):
        if name in written and f"Not{name}" in written:
            raise PolicyError(f"statement {origin.index + 1} has {name} and Not{name}")

    def strings(name: str) -> tuple[str, ...] | None:
        if name not in written:
            return None
        value = written[name]
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str) for one in found):
            raise PolicyError(f"statement {origin.index + 1}: {name} must be strings")
        return tuple(found)

    def texts(name: str) -> tuple[Text, ...] | None:
        found = strings(name)
        if found is None:
            return None
        return tuple(Text.parse(one, variables=variables) for one in found)

    def principals(name: str) -> PrincipalElement | None:
        return PrincipalElement.parse(written[name]) if name in written else None

    return Statement(
        origin=origin,
        sid=str(written.get("Sid", "")),
        effect=written["Effect"],
        actions=strings("Action"),
        not_actions=strings("NotAction"),
        resources=texts("Resource"),
        not_resources=texts("NotResource"),
        principals=principals("Principal"),
        not_principals=principals("NotPrincipal"),
        conditions=Conditions.parse(written.get("Condition", {}), variables=variables),
        document=written,
    )
