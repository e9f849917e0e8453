"""Physical names that CloudFormation generates for resources without one of their own."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
SUFFIX_LENGTH = 12


@dataclass(frozen=True)
class NameRule:
    """What a service demands of a name: its length and the characters it may have.

    `forbidden` is a character class of what is taken out; `lower` writes all in lower case
    (S3 bucket names).
    """

    max_length: int
    forbidden: str = r"[^A-Za-z0-9_-]"
    lower: bool = False


def generated_name(
    rule: NameRule, *, stack_name: str, stack_id: str, logical_id: str, generation: int
) -> str:
    """`<stack>-<logical id>-<12 characters>`, shortened to the service's limit.

    The last part comes from the stack's id, the logical id and the resource's generation
    (which a replacement raises), so that it is the same each time it is asked for.
    """
    digest = hashlib.sha256(f"{stack_id}/{logical_id}/{generation}".encode()).digest()
    number = int.from_bytes(digest, "big")
    letters = []
    for _ in range(SUFFIX_LENGTH):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    room = rule.max_length - SUFFIX_LENGTH - 1
    parts = [re.sub(rule.forbidden, "", part) for part in (stack_name, logical_id)]
    if len("-".join(parts)) > room:
        # both parts stay recognisable: the logical id gets half of the room, or what it needs
        kept = min(len(parts[1]), room // 2)
        parts = [parts[0][: room - 1 - kept], parts[1][:kept]]
        parts[0] = parts[0].rstrip("-")
    name = "-".join([*parts, "".join(letters)])
    return name.lower() if rule.lower else name
