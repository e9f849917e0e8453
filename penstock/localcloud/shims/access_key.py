"""Whose credentials a request is signed with."""

from __future__ import annotations

import re
from collections.abc import Mapping

_CREDENTIAL = re.compile(r"Credential=([^/]+)/")


def access_key(headers: Mapping[str, str]) -> str:
    """The access key id of the signature; empty for a request that has none."""
    match = _CREDENTIAL.search(headers.get("Authorization", ""))
    return match[1] if match else ""
