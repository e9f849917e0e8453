"""SSM: policies of parameters are shown as JSON; moto shows what Python makes of them."""

from __future__ import annotations

import json
from typing import Any

from moto.ssm.models import Parameter

from penstock.localcloud.shims.patches import Patches


def install(patches: Patches) -> None:
    """DescribeParameters gives each policy's text and type (API reference, ParameterInlinePolicy).

    No policy is carried out here, so each stays Pending.
    """

    def shown(self: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
        answer: dict[str, Any] = stock(self, *arguments, **named)
        if "Policies" in answer:
            answer["Policies"] = [
                {
                    "PolicyText": json.dumps(policy),
                    "PolicyType": policy["Type"],
                    "PolicyStatus": "Pending",
                }
                for policy in json.loads(self.policies)
            ]
        return answer

    stock = patches.replace(Parameter, "response_object", shown)
