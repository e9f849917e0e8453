"""Partial batch responses: which items of a batch the function says have failed."""

from __future__ import annotations

import json
from typing import Any


def failed_items(payload: bytes, known: set[str]) -> set[str] | None:
    """Identifiers under batchItemFailures; None when the whole batch counts as failed.

    An empty or missing list, null and an empty response are a complete success; an identifier
    that is empty, null, misnamed or not of this batch is a complete failure (Lambda developer
    guide, "Success and failure conditions" for Kinesis and for SQS). That an identifier which is
    not of the batch is a failure for Kinesis too, and what comes of a response that is no
    object, is unconfirmed: the latter is taken for a success.
    """
    answer: Any = json.loads(payload or b"null")
    listed = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not listed:
        return set()
    if not isinstance(listed, list):
        return None
    found = {str(item.get("itemIdentifier")) if isinstance(item, dict) else "" for item in listed}
    return found if found <= known else None
