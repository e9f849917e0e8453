"""InputFilter and OutputFilter: the part of JSONPath that SageMaker documents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_STEP = re.compile(r"\.(?P<name>[A-Za-z_][\w-]*)|\.?\[(?P<brackets>[^\]]*)\]|\.?(?P<all>\*)")
_NAME = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_INDEX = re.compile(r"-?\d+")
_FROM = re.compile(r"(-?\d*):")
LONGEST = 63  # botocore 1.44.5 sagemaker model, JsonPath

Item = str | int | slice


class UnsupportedPathError(Exception):
    """A path that is not carried out here; one line that says why."""


class NotThereError(Exception):
    """The path leads nowhere in a record."""


@dataclass(frozen=True)
class Selection:
    """One path. Steps before the last lead to one value, the last may gather several.

    Source: SageMaker developer guide, batch-transform-data-processing, supported operators. For
    a slice with an end the guide includes the last index and JsonPath, which it refers to, does
    not: such a slice is refused, as is a wildcard.
    """

    path: str
    steps: tuple[tuple[Item, ...], ...]

    @classmethod
    def parse(cls, path: str) -> Selection:
        """The path's steps. UnsupportedPathError."""
        if not path.startswith("$") or len(path) > LONGEST:
            raise UnsupportedPathError(
                f"{path!r} is no JSONPath that begins with $ and has {LONGEST} characters at most"
            )
        steps: list[tuple[Item, ...]] = []
        at = 1
        while at < len(path):
            found = _STEP.match(path, at)
            if found is None:
                raise UnsupportedPathError(f"{path!r}: cannot be read from {path[at:]!r} on")
            if found["all"] or found["brackets"] == "*":
                raise UnsupportedPathError(f"{path!r}: the local cloud knows no wildcards")
            if steps and _gathers(steps[-1]):
                raise UnsupportedPathError(f"{path!r}: only the last step may gather values")
            if found["name"]:
                steps.append((found["name"],))
            else:
                steps.append(tuple(_item(path, part) for part in found["brackets"].split(",")))
            at = found.end()
        return cls(path, tuple(steps))

    @property
    def is_everything(self) -> bool:
        """Whether the path is `$`."""
        return not self.steps

    def of(self, value: Any) -> Any:
        """What the path selects. NotThereError."""
        for step in self.steps:
            value = self._gather(value, step) if _gathers(step) else self._one(value, step[0])
        return value

    def _gather(self, value: Any, step: tuple[Item, ...]) -> Any:
        if all(isinstance(item, str) for item in step):
            return {str(item): self._one(value, item) for item in step}
        found: list[Any] = []
        for item in step:
            if isinstance(item, slice):
                if not isinstance(value, list):
                    raise NotThereError(f"{self.path}: a slice of what is no array")
                found.extend(value[item])
            else:
                found.append(self._one(value, item))
        return found

    def _one(self, value: Any, item: Item) -> Any:
        fits = dict if isinstance(item, str) else list
        try:
            if isinstance(value, fits):
                return value[item]  # type: ignore[index]
        except (KeyError, IndexError):
            pass  # said below
        raise NotThereError(f"{self.path}: the record has no {item!r}")


def _gathers(step: tuple[Item, ...]) -> bool:
    return len(step) > 1 or isinstance(step[0], slice)


def _item(path: str, text: str) -> Item:
    text = text.strip()
    if name := _NAME.fullmatch(text):
        return name[1] if name[1] is not None else name[2]
    if _INDEX.fullmatch(text):
        return int(text)
    if start := _FROM.fullmatch(text):
        return slice(int(start[1]) if start[1] else 0, None)
    if ":" in text:
        raise UnsupportedPathError(
            f"{path!r}: whether a slice includes its end is documented both ways; name the indexes"
        )
    raise UnsupportedPathError(f"{path!r}: {text!r} is no name, index or slice")
