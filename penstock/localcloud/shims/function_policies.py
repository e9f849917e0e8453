"""Lambda: conditions of a function's permissions that moto drops."""

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
    """Each becomes a StringEquals of the statement, as on AWS."""

    def add_statement(self: Any, raw: str, qualifier: str | None = None) -> tuple[Any, str]:
        given = json.loads(raw)
        kept = {key: given.pop(name) for name, key in _CONDITIONS.items() if name in given}
        statement, revision = stock(self, json.dumps(given), qualifier)
        if kept:
            statement.setdefault("Condition", {}).setdefault("StringEquals", {}).update(kept)
        return statement, revision

    stock = patches.replace(Policy, "add_statement", add_statement)
