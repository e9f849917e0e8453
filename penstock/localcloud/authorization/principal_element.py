"""The Principal and NotPrincipal elements of resource policies, and whom they mean.

Source: IAM user guide, "AWS JSON policy elements: Principal" and "... NotPrincipal".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from penstock.localcloud.authorization.errors import PolicyError
from penstock.localcloud.authorization.request import Principal

_ACCOUNT = re.compile(r"\d{12}")
_ROOT = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):root")
_TYPES = ("AWS", "Service", "Federated", "CanonicalUser")


class Meant(IntEnum):
    """How a caller is meant, from not at all to by its own name."""

    NOT = 0
    BY_ACCOUNT = 1
    """The account decides by its identity policies."""
    DIRECTLY = 2
    """By the role's ARN or with everyone: a permissions boundary still limits it."""
    AS_SESSION = 3
    """The session's or user's own ARN: nothing limits it but an explicit deny."""


@dataclass(frozen=True)
class PrincipalElement:
    """Whom a statement names."""

    everyone: bool
    accounts: frozenset[str]
    arns: frozenset[str]
    services: frozenset[str]

    @classmethod
    def parse(cls, element: Any) -> PrincipalElement:
        """ "*", {"AWS": ...}, {"Service": ...}; raises PolicyError for anything else.

        Federated and canonical users are read; nobody in the local cloud is one.
        """
        if element == "*":
            return cls(True, frozenset(), frozenset(), frozenset())
        if not isinstance(element, Mapping) or not set(element) <= set(_TYPES):
            raise PolicyError(f'Principal must be "*" or an object of {", ".join(_TYPES)}')
        named = _strings(element.get("AWS", []))
        accounts = {name for name in named if _ACCOUNT.fullmatch(name)}
        accounts |= {root[1] for name in named if (root := _ROOT.fullmatch(name))}
        return cls(
            everyone="*" in named,
            accounts=frozenset(accounts),
            arns=frozenset(name for name in named if name.startswith("arn:")),
            services=frozenset(_strings(element.get("Service", []))),
        )

    def means(self, principal: Principal) -> Meant:
        """How the caller is meant."""
        if principal.kind == "service":
            named = self.everyone or principal.arn in self.services
            return Meant.DIRECTLY if named else Meant.NOT
        if principal.arn in self.arns:
            return Meant.AS_SESSION
        if self.everyone or principal.role_arn in self.arns:
            return Meant.DIRECTLY
        return Meant.BY_ACCOUNT if principal.account_id in self.accounts else Meant.NOT

    def names_every_form_of(self, principal: Principal) -> bool:
        """Whether NotPrincipal spares the caller: its session, its role and its account."""
        if self.everyone:
            return True
        if principal.kind == "service":
            return principal.arn in self.services
        forms = {principal.arn, principal.role_arn} - {""}
        return forms <= self.arns and principal.account_id in self.accounts


def _strings(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) for name in found):
        raise PolicyError(f"Principal names {value!r}: only strings")
    return found
