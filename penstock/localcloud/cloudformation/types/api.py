"""Small helpers for handlers: errors that mean "already gone", documents, names."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError


def ignoring(codes: tuple[str, ...], call: Callable[..., Any], **arguments: Any) -> None:
    """Call the API; an error with one of the codes (a resource that is gone) is no error."""
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in codes:
            raise


def document(value: Any) -> str:
    """A policy or pattern as JSON text; templates may write it as an object or as text."""
    return value if isinstance(value, str) else json.dumps(value)


def tag_list(tags: dict[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as the list of pairs that most services take."""
    return [{key: name, value: text} for name, text in tags.items()]
