"""Partition keys and their weights: of a file, or of a distribution with a name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MOST_KEYS = 1_000_000
FORMS = "uniform:KEYS, zipf:KEYS:EXPONENT, hot:KEYS:SHARE, or a file of keys (KEY or KEY,COUNT)"


class KeysError(ValueError):
    """The keys cannot be read; one line that says why, and what can be."""


@dataclass(frozen=True)
class Keys:
    """`shares` of all records by partition key; they add up to 1."""

    shares: dict[str, float]
    origin: str

    @classmethod
    def read(cls, text: str) -> Keys:
        """The keys of a distribution or a file.

        Raises:
            KeysError: it is neither, or has no weight.
        """
        kind, _, rest = text.partition(":")
        if kind in ("uniform", "zipf", "hot") and rest:
            return cls(_normal(_distribution(kind, rest.split(":"), text)), text)
        return cls(_normal(_file(Path(text))), text)

    @property
    def heaviest(self) -> str:
        """The key with most records."""
        return max(self.shares, key=lambda key: self.shares[key])

    def split(self, at_most: float, parts: int) -> Keys:
        """Each key above a share as so many: KEY#0, KEY#1 and so on."""
        found: dict[str, float] = {}
        for key, share in self.shares.items():
            if share <= at_most:
                found[key] = share
            else:
                found |= {f"{key}#{part}": share / parts for part in range(parts)}
        return Keys(found, self.origin)


def _distribution(kind: str, words: list[str], text: str) -> Iterable[tuple[str, float]]:
    try:
        count = int(words[0])
        shape = float(words[1]) if len(words) == 2 else None
    except ValueError:
        raise KeysError(f"{text}: not a distribution of keys; use {FORMS}") from None
    wants = 1 if kind == "uniform" else 2
    if len(words) != wants or not 1 <= count <= MOST_KEYS:
        raise KeysError(f"{text}: 1 to {MOST_KEYS:,} keys, and what is asked for; use {FORMS}")
    names = [f"key-{number}" for number in range(count)]
    if kind == "zipf":
        if shape is None or not 0 <= shape <= 10:
            raise KeysError(f"{text}: the exponent is 0 to 10; use {FORMS}")
        return [(name, (rank + 1) ** -shape) for rank, name in enumerate(names)]
    if kind == "hot":
        if shape is None or not 0 < shape < 1 or count < 2:
            raise KeysError(f"{text}: one of two or more keys has a share of 0 to 1; use {FORMS}")
        rest = (1 - shape) / (count - 1)
        return [(name, rest if number else shape) for number, name in enumerate(names)]
    return [(name, 1.0) for name in names]


def _file(path: Path) -> Iterable[tuple[str, float]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text in UTF-8"
        raise KeysError(f"{path}: {reason}; use {FORMS}") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        key, comma, count = line.rpartition(",")
        if not comma:
            yield line.strip(), 1.0
            continue
        try:
            weight = float(count)
        except ValueError:
            raise KeysError(f"{path}, line {number}: {count!r} is not a count") from None
        if not 0 <= weight < float("inf"):
            raise KeysError(f"{path}, line {number}: a count is 0 or more")
        yield key.strip(), weight


def _normal(weights: Iterable[tuple[str, float]]) -> dict[str, float]:
    added: dict[str, float] = {}
    for key, weight in weights:
        if not 1 <= len(key) <= 256:
            raise KeysError(
                f"{key[:20]!r}: a partition key has 1 to 256 characters (Kinesis API reference, "
                "PutRecords, PartitionKey)"
            )
        added[key] = added.get(key, 0.0) + weight
        if len(added) > MOST_KEYS:
            raise KeysError(f"more than {MOST_KEYS:,} keys: give the heaviest ones")
    total = sum(added.values())
    if total <= 0:
        raise KeysError(f"no key has any records; use {FORMS}")
    return {key: weight / total for key, weight in added.items() if weight}
