"""Small helpers for handlers: errors that mean "already gone", documents, tags."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from penstock.localcloud.cloudformation.resource import Properties, tag_changes
from penstock.localcloud.cloudformation.shapes import call


def ignoring(codes: tuple[str, ...], method: Callable[..., Any], **arguments: Any) -> None:
    """Call the method; an error with one of the codes (a resource that is gone) is no error."""
    try:
        method(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in codes:
            raise


def document(value: Any) -> str:
    """A policy or pattern as JSON text; templates may write it as an object or as text."""
    return value if isinstance(value, str) else json.dumps(value)


def tag_list(tags: dict[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as the list of pairs that most services take."""
    return [{key: name, value: text} for name, text in tags.items()]


def retag(
    client: Any,
    old: Properties,
    new: Properties,
    *,
    tag: str = "tag_resource",
    untag: str = "untag_resource",
    written: Callable[[dict[str, str]], Any] = tag_list,
    **resource: str,
) -> None:
    """Set and remove tags to go from `old` to `new`; `resource` says what bears them.

    `tag` and `untag` are the client's methods, `written` makes of the tags what they take.
    """
    added, removed = tag_changes(old, new)
    if added:
        call(client, tag, {**resource, "Tags": written(added)})
    if removed:
        call(client, untag, {**resource, "TagKeys": removed})
