"""Turns a ValidationError into one clear line per refused field."""

from __future__ import annotations

from pydantic import ValidationError

_PREFIX = "Value error, "


def refusal_lines(error: ValidationError) -> list[str]:
    """One line per refused field: where it is, the value, the rule, its source, the remedy."""
    lines = []
    for problem in error.errors(include_url=False):
        place = ".".join([error.title, *(str(part) for part in problem["loc"])])
        message = problem["msg"]
        if message.startswith(_PREFIX):
            text = message.removeprefix(_PREFIX)
        elif problem["type"] == "missing":
            text = f"missing: {error.title} cannot be built without it; add it"
        else:
            text = (
                f"{problem['input']!r}: {message[0].lower()}{message[1:]} "
                f"(pipelines.spec.{error.title}); write a value of that kind"
            )
        lines.append(" ".join(f"{place}: {text}".split()))
    return lines
