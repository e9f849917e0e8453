"""Policy evaluation within one account.

Source: IAM user guide, "Policy evaluation logic"; AWS KMS developer guide, "Key policies in AWS
KMS" (the account's policies count where the key policy says so).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from penstock.localcloud.authorization.decision import Decision, Kind
from penstock.localcloud.authorization.errors import NotUnderstoodError
from penstock.localcloud.authorization.policy import Statement
from penstock.localcloud.authorization.principal_element import Meant
from penstock.localcloud.authorization.remedy import missing
from penstock.localcloud.authorization.request import Request

# their own policy must allow, if only by letting the account's policies decide
_OWN_POLICY_MUST_ALLOW = ("grant", "key", "role")


@dataclass(frozen=True, eq=False)
class Policies:
    """What applies to a request: the caller's policies and the resource's.

    `boundary` is None without a permissions boundary, `session` where the session was assumed
    without a policy of its own, `resource` without a resource policy; `resource_kind` is key,
    grant, role (its trust policy), bucket, topic, queue, function ...
    """

    identity: tuple[Statement, ...] = ()
    boundary: tuple[Statement, ...] | None = None
    resource: tuple[Statement, ...] | None = None
    resource_kind: str = ""
    session: tuple[Statement, ...] | None = None

    @cached_property
    def keys(self) -> frozenset[str]:
        """Condition keys (lower case) that some statement looks at; no other matters."""
        return frozenset[str]().union(*(statement.keys for statement in self.statements()))

    @property
    def own_policy(self) -> str | None:
        """What the resource's policy is called, None where it has none."""
        if self.resource is None:
            return None
        return "trust policy" if self.resource_kind == "role" else f"{self.resource_kind} policy"

    def limits(self) -> dict[str, tuple[Statement, ...] | None]:
        """What the caller's identity policies can give at most, by name."""
        return {"permissions boundary": self.boundary, "session policy": self.session}

    def statements(self) -> Iterator[Statement]:
        """All of them."""
        yield from self.identity
        yield from self.boundary or ()
        yield from self.session or ()
        yield from self.resource or ()


@dataclass
class _Allows:
    """The first Allow statement of each force, and what was not understood."""

    by: dict[Meant, Statement] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)


def decide(request: Request, policies: Policies) -> Decision:
    """The verdict on one request, as IAM gives it within one account."""
    denied = _denied(request, policies)
    if denied is not None:
        return denied
    resource = _allows(request, policies.resource or ())
    identity = _Allows()
    limits: dict[str, _Allows] = {}
    if request.principal.kind != "service":
        identity = _allows(request, policies.identity)
        limits = {
            name: _allows(request, limit)
            for name, limit in policies.limits().items()
            if limit is not None
        }
    # an allow for the session itself is limited by nothing
    for_session = resource.by.get(Meant.AS_SESSION)
    if for_session is not None:
        return _allowed(request, policies, for_session)
    short = next((name for name, limit in limits.items() if not limit.by), "")
    own_must = policies.resource_kind in _OWN_POLICY_MUST_ALLOW
    by_identity = identity.by.get(Meant.DIRECTLY)
    by_account = resource.by.get(Meant.BY_ACCOUNT)
    by_resource = resource.by.get(Meant.DIRECTLY)
    if not short and by_identity is not None and (by_account is not None or not own_must):
        return _allowed(request, policies, by_identity, by_account if own_must else None)
    if not short and by_resource is not None:
        return _allowed(request, policies, by_resource)
    doubts = [doubt for by in (identity, *limits.values(), resource) for doubt in by.doubts]
    reason, remedy = missing(
        request,
        own_policy=policies.own_policy,
        own_must=own_must and by_account is None,
        limit=short if by_identity is not None or by_resource is not None else "",
    )
    return Decision(
        allowed=False,
        reason="; ".join(doubts) if doubts else reason,
        statement=None,
        kind="not understood" if doubts else "implicit deny",
        request=request,
        resource_kind=policies.resource_kind,
        remedy=remedy,
    )


def _denied(request: Request, policies: Policies) -> Decision | None:
    """By a Deny statement: one that is not understood counts."""
    doubtful: Decision | None = None
    for statement in policies.statements():
        if statement.effect != "Deny":
            continue
        try:
            if statement.applies(request):
                reason = f"{statement.origin} denies it"
                return _refused(request, policies, statement, "explicit deny", reason)
        except NotUnderstoodError as doubt:
            reason = f"{statement.origin} counts as a deny, as {doubt}"
            doubtful = doubtful or _refused(request, policies, statement, "not understood", reason)
    return doubtful


def _refused(
    request: Request, policies: Policies, statement: Statement, kind: Kind, reason: str
) -> Decision:
    return Decision(False, reason, statement, kind, request, policies.resource_kind)


def _allows(request: Request, statements: tuple[Statement, ...]) -> _Allows:
    allows = _Allows()
    for statement in statements:
        if statement.effect != "Allow":
            continue
        try:
            meant = statement.applies(request)
        except NotUnderstoodError as doubt:
            allows.doubts.append(f"{statement.origin} does not count, as {doubt}")
            continue
        if meant:
            allows.by.setdefault(meant, statement)
    return allows


def _allowed(
    request: Request, policies: Policies, statement: Statement, through: Statement | None = None
) -> Decision:
    reason = f"{statement.origin} allows it"
    return Decision(
        True, reason, statement, "allowed", request, policies.resource_kind, through=through
    )
