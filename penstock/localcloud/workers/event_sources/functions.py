"""What event sources need of functions, and what an invocation's answer means to them."""

from __future__ import annotations

import json
from typing import Any, Protocol

from penstock.localcloud.workers.functions.environment import InvocationResult


class NotInvokedError(Exception):
    """The function was not started: it is gone, or it cannot run here."""


class Functions(Protocol):
    """Functions by their ARN. Both methods raise NotInvokedError."""

    def role_of(self, function_arn: str) -> str:
        """The ARN of the execution role."""

    def invoke(self, function_arn: str, event: str) -> InvocationResult:
        """Run the function with the event (JSON text) and wait."""


def response_context(result: InvocationResult) -> dict[str, Any]:
    """The responseContext of an invocation record."""
    context: dict[str, Any] = {"statusCode": 200, "executedVersion": result.version}
    if result.failed:
        context["functionError"] = "Unhandled"
    return context


def reason(result: InvocationResult) -> str:
    """Why the function failed, in one line for the log."""
    if not result.failed:
        return "the function named failed items"
    error = json.loads(result.payload)
    return f"{error.get('errorType')}: {error.get('errorMessage')}"
