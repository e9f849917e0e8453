"""Answers whether a caller may make a call: collects what applies, decides, and records it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from penstock.localcloud.authorization import tags
from penstock.localcloud.authorization.call import Access, Call, NotDerivedError
from penstock.localcloud.authorization.decision import Decision
from penstock.localcloud.authorization.errors import PolicyError
from penstock.localcloud.authorization.evaluator import Policies, decide
from penstock.localcloud.authorization.grants import on_the_key
from penstock.localcloud.authorization.lookups import Lookups, Text
from penstock.localcloud.authorization.policy import PolicyDocument, Statement
from penstock.localcloud.authorization.principals import Caller
from penstock.localcloud.authorization.record import Context, DecisionRecord
from penstock.localcloud.authorization.request import Principal, Request
from penstock.localcloud.authorization.requests.registry import needed

_REMEMBERED = 20_000
# services that roles may also trust by a name with the region in it: states.us-east-1.amazonaws.com
# (Step Functions' own refusal: "Neither the global service principal ..., nor the regional one")
_REGIONAL = frozenset({"states.amazonaws.com"})
_TIMES = frozenset({"aws:currenttime", "aws:epochtime"})
_ADMINISTRATOR = PolicyDocument.parse(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    },
    "user deployer, administrator's policy",
)
_Some = tuple[Text, ...] | None


class _Texts(NamedTuple):
    """The policies that apply, as they were put."""

    identity: tuple[Text, ...] = ()
    boundary: _Some = None
    session: _Some = None
    resource: _Some = None
    resource_kind: str = ""


class Authorizer:
    """Decides and records; asked from many threads."""

    def __init__(
        self, *, lookups: Lookups, record: DecisionRecord, account_id: str, region: str
    ) -> None:
        self._lookups = lookups
        self._record = record
        self._account_id = account_id
        self._region = region
        self._decisions: OrderedDict[object, tuple[Decision, Context]] = OrderedDict()
        self._lock = threading.Lock()

    def refusal(self, caller: Caller, call: Call) -> Decision | None:
        """The first decision that denies the call; None if it is allowed."""
        try:
            accesses = needed(call, self._lookups)
        except NotDerivedError as error:
            if caller.administrator:
                return None
            return self.not_understood(caller, f"{call.service}:{call.operation}", str(error))
        for access in accesses:
            decision = self.decide(caller, access)
            if not decision.allowed:
                return decision
        return None

    def refusals(self, caller: Caller, call: Call) -> dict[int, Decision]:
        """What is denied of a call that does each of its parts by itself: place -> decision."""
        decisions = [self.decide(caller, access) for access in needed(call, self._lookups)]
        return {place: one for place, one in enumerate(decisions) if not one.allowed}

    def handover_refusal(
        self,
        by: str,
        source_arn: str,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
    ) -> Decision | None:
        """As `refusal`, of what a service does for a resource without a request over HTTP."""
        call = Call(
            service=service,
            operation=operation,
            headers={},
            region=self._region,
            account_id=self._account_id,
            parse=lambda: parameters,
        )
        return self.refusal(Caller(Principal.service(by), source_arn=source_arn), call)

    def not_understood(self, caller: Caller, action: str, reason: str) -> Decision:
        """The denial of something that has no action or resource known here, recorded."""
        decision = Decision(
            allowed=False,
            reason=f"{reason}: the local cloud denies what it does not know",
            statement=None,
            kind="not understood",
            request=Request(caller.principal, action, "*"),
        )
        self._record.add(decision, ())
        return decision

    def decide(self, caller: Caller, access: Access) -> Decision:
        """The verdict on one access, recorded."""
        if access.by:
            caller = Caller(Principal.service(access.by))
        elif access.role:
            caller = Caller(Principal.session(access.role, "penstock-local"))
        if caller.administrator:
            self._record.administrator_called()
        found = self._known(caller, access)
        if not found[0].allowed and caller.principal.arn in _REGIONAL:
            service, rest = caller.principal.arn.split(".", 1)
            regional = Principal.service(f"{service}.{self._region}.{rest}")
            again = self._known(replace(caller, principal=regional), access)
            found = again if again[0].allowed else found
        if not (caller.administrator and found[0].allowed):
            self._record.add(*found)
        return replace(found[0], says=access.says) if access.says else found[0]

    def _known(self, caller: Caller, access: Access) -> tuple[Decision, Context]:
        texts = self._texts(caller, access)
        key = (
            caller.principal,
            caller.source_arn,
            access.action,
            access.resource,
            tuple(sorted(access.context.items())),
            texts,
        )
        with self._lock:
            known = self._decisions.get(key)
            if known is not None:
                self._decisions.move_to_end(key)
        return self._decide(caller, access, texts, key) if known is None else known

    def _decide(
        self, caller: Caller, access: Access, texts: _Texts, key: object
    ) -> tuple[Decision, Context]:
        policies = _policies(caller.administrator, texts)
        request = Request(
            caller.principal,
            access.action,
            access.resource,
            self._context(caller, access, policies),
        )
        matters = tuple(
            sorted(
                (name, values)
                for name, values in request.context.items()
                if name.lower() in policies.keys
            )
        )
        found = decide(request, policies), matters
        keys = policies.keys
        if not (keys & _TIMES or tags.of_resource(keys) or tags.of_principal(keys)):
            with self._lock:
                self._decisions[key] = found
                while len(self._decisions) > _REMEMBERED:
                    self._decisions.popitem(last=False)
        return found

    def _texts(self, caller: Caller, access: Access) -> _Texts:
        principal, lookups = caller.principal, self._lookups
        holder = access.holder
        policy = None if holder is None else lookups.resource_policy(holder)
        of_resource: _Some = None if policy is None else (policy,)
        if of_resource is not None and holder is not None and holder.kind == "key":
            of_resource += tuple(on_the_key(grant) for grant in lookups.grants(holder.arn))
        texts = _Texts(resource=of_resource, resource_kind="" if holder is None else holder.kind)
        if principal.kind == "service" or caller.administrator:
            return texts
        if principal.kind == "role":
            session = (Text("session policy", caller.session_policy),)
            return texts._replace(
                identity=lookups.role_policies(principal.role_arn),
                boundary=lookups.boundary(principal.role_arn),
                session=session if caller.session_policy else None,
            )
        return texts._replace(
            identity=lookups.user_policies(principal.arn), boundary=lookups.boundary(principal.arn)
        )

    def _context(
        self, caller: Caller, access: Access, policies: Policies
    ) -> Mapping[str, tuple[str, ...]]:
        """Source: IAM user guide, "AWS global condition context keys"."""
        principal = caller.principal
        # the loopback stands for AWS's HTTPS endpoints: no client of ours speaks plain HTTP there
        context: dict[str, tuple[str, ...]] = {
            "aws:SecureTransport": ("true",),
            "aws:RequestedRegion": (self._region,),
            "aws:ResourceAccount": (self._account_id,),
            "aws:ViaAWSService": ("false",),
            **access.context,
        }
        if access.action.startswith("s3:"):
            context["s3:TlsVersion"] = ("1.3",)
            context["s3:authType"] = ("REST-HEADER",)
        if principal.kind == "service":
            context["aws:PrincipalIsAWSService"] = ("true",)
            context["aws:PrincipalServiceName"] = (principal.arn,)
            context["aws:SourceAccount"] = (self._account_id,)
            context["aws:SourceOwner"] = (self._account_id,)
            if caller.source_arn:
                context["aws:SourceArn"] = (caller.source_arn,)
        else:
            context |= self._of_principal(principal)
        wanted = tags.of_resource(policies.keys)
        if wanted:
            found = self._lookups.tags(access.resource)
            context |= tags.resource_tags(access, wanted, found)
        if principal.kind != "service" and tags.of_principal(policies.keys):
            found = self._lookups.tags(principal.role_arn or principal.arn) or {}
            context |= {f"aws:PrincipalTag/{name}": (value,) for name, value in found.items()}
        if policies.keys & _TIMES:
            now = datetime.now(UTC)
            context["aws:CurrentTime"] = (now.strftime("%Y-%m-%dT%H:%M:%SZ"),)
            context["aws:EpochTime"] = (str(int(now.timestamp())),)
        return context

    def _of_principal(self, principal: Principal) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {
            "aws:PrincipalIsAWSService": ("false",),
            "aws:PrincipalArn": (principal.role_arn or principal.arn,),
            "aws:PrincipalAccount": (principal.account_id,),
            "aws:PrincipalType": ("AssumedRole" if principal.kind == "role" else "User",),
        }
        if principal.kind == "user":
            found["aws:username"] = (principal.arn.rsplit("/", 1)[-1],)
        return found


@lru_cache(maxsize=2000)
def _policies(administrator: bool, texts: _Texts) -> Policies:
    return Policies(
        identity=_ADMINISTRATOR if administrator else _parsed(texts.identity),
        boundary=None if texts.boundary is None else _parsed(texts.boundary),
        session=None if texts.session is None else _parsed(texts.session),
        resource=None if texts.resource is None else _parsed(texts.resource),
        resource_kind=texts.resource_kind,
    )


def _parsed(texts: tuple[Text, ...]) -> tuple[Statement, ...]:
    return tuple(statement for text in texts for statement in _statements(text))


@lru_cache(maxsize=2000)
def _statements(text: Text) -> tuple[Statement, ...]:
    """A policy that IAM would have refused denies everything, as its author must hear of it."""
    try:
        return PolicyDocument.parse(text.document, text.origin)
    except PolicyError as error:
        everything = {"Effect": "Deny", "NotAction": "none:None", "Sid": "Malformed"}
        return PolicyDocument.parse(
            {"Statement": [{**everything, "Resource": "*"}]}, f"{text.origin} ({error})"
        )
