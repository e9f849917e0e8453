"""Lambda: conditions and principals of a function's permissions that moto drops or leaves bare."""

from __future__ import annotations

import json
from typing import Any

from moto.awslambda.policy import Policy

from penstock.localcloud.shims.patches import Patches

# AddPermission's parameters and the condition keys that they become (Lambda developer guide,
# "Viewing resource-based IAM policies in Lambda"; service authorization reference, AWS Lambda)
_CONDITIONS = {
    "EventSourceToken": "lambda:EventSourceToken",
    "FunctionUrlAuthType": "lambda:FunctionUrlAuthType",
}


def install_policies(patches: Patches) -> None:
    """Each becomes a StringEquals of the statement, and a principal says of what kind it is."""

    def add_statement(self: Any, raw: str, qualifier: str | None = None) -> tuple[Any, str]:
        given = json.loads(raw)
        kept = {key: given.pop(name) for name, key in _CONDITIONS.items() if name in given}
        statement, revision = stock(self, json.dumps(given), qualifier)
        if kept:
            statement.setdefault("Condition", {}).setdefault("StringEquals", {}).update(kept)
        principal = statement["Principal"]
        if isinstance(principal, str) and principal != "*":
            kind = "Service" if principal.endswith(".amazon.com") else "AWS"
            statement["Principal"] = {kind: principal}
        return statement, revision

    stock = patches.replace(Policy, "add_statement", add_statement)
