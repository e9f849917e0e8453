"""What stands out in a statement: everybody, other accounts, anything at all."""

from __future__ import annotations

import re
from functools import cache

from penstock.catalog.facts import read_data
from penstock.catalog.images import image
from penstock.review.assembly import Stack
from penstock.review.policies import Guard, Holder, Statement
from penstock.review.values import ACCOUNT

_NUMBER = re.compile(r"(?<!\d)\d{12}(?!\d)")
# a condition on one of these says whose requests are meant
_NARROWING = (
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceowner",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:sourceorgid",
    "aws:resourceaccount",
    "kms:calleraccount",
    "kms:encryptioncontext",
)


def marks(statement: Statement, stack: Stack) -> list[str]:
    """Words for what a reviewer should not pass over, the worst first; none for a Deny."""
    if statement.effect != "Allow":
        return []
    narrowed = any(key in statement.condition.lower() for key in _NARROWING)
    found = []
    if "*" in statement.principals:
        found.append("anyone, under its condition" if narrowed else "PUBLIC: anyone")
    found += [f"other account {_called(number)}" for number in _accounts(statement, stack)]
    if statement.opaque:
        found.append("all but what is named")
    if any(action in ("*", "*:*") for action in statement.actions):
        found.append("any action")
    if statement.resources and "*" in statement.resources and not statement.principals:
        found.append("any resource, under its condition" if statement.condition else "any resource")
    services = [name for name in statement.principals if name.startswith("Service: ")]
    if services and statement.resources and not narrowed:
        found.append("a service, for any account")
    return found


def is_grave(mark: str) -> bool:
    """Whether the mark says that somebody outside of the account is meant."""
    return mark.startswith(("PUBLIC", "other account"))


def holder_marks(holder: Holder, stack: Stack) -> list[str]:
    """All marks of a role, each once."""
    found = [
        mark
        for statement in [*holder.trust, *holder.statements]
        for mark in marks(statement, stack)
    ]
    found += ["policy of AWS with full access" for name in holder.managed if "FullAccess" in name]
    return list(dict.fromkeys(found))


def guard_marks(guard: Guard, stack: Stack) -> list[str]:
    """All marks of a resource's policy, each once."""
    found = [mark for statement in guard.statements for mark in marks(statement, stack)]
    return list(dict.fromkeys(found))


def _called(number: str) -> str:
    return f"{number}, AWS's registry of images" if number in _registries() else number


@cache
def _registries() -> frozenset[str]:
    """The accounts of SageMaker's own images, in all regions."""
    return frozenset(
        account for name in read_data("images") for account in image(name).accounts.values()
    )


def _accounts(statement: Statement, stack: Stack) -> list[str]:
    """Account numbers that are not the stack's own."""
    named = {
        number
        for text in (*statement.principals, *statement.resources)
        for number in _numbers(text)
    }
    return sorted(named - {stack.account, ACCOUNT})


def _numbers(text: str) -> set[str]:
    if not text.startswith("arn:"):
        return set(_NUMBER.findall(text))
    parts = text.split(":", 5)
    return set(_NUMBER.findall(parts[4])) if len(parts) > 5 else set()
