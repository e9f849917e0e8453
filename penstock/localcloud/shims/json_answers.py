"""Answers of JSON services that moto holds as they go out: written without its serializer.

That one makes some twenty calls for each field, which is most of the time of an answer with many.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

from moto.core.utils import unix_time

from penstock.localcloud.shims.patches import Patches


def answer_at_once(patches: Patches, responses: Any, *names: str, version: str) -> None:
    """Let these methods of a class of moto's responses answer in the JSON protocol's `version`.

    Each must give an ActionResult of dictionaries whose keys are those of the API.
    """

    def replaced(name: str) -> None:
        def call(self: Any) -> tuple[int, dict[str, str], str]:
            body = json.dumps(stock(self).result, default=_plain)
            return 200, {"content-type": f"application/x-amz-json-{version}"}, body

        stock = patches.replace(responses, name, call)

    for name in names:
        replaced(name)


def _plain(value: bytes | datetime) -> str | float:
    """Binary data and times, as the protocol has them."""
    if isinstance(value, datetime):
        return float(unix_time(value))
    return base64.b64encode(value).decode()
