"""Reads the data files of the catalog and says where each fact comes from."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict


class UnknownFactError(LookupError):
    """The catalog has no entry of that name; the message lists the ones it has."""


class Fact(BaseModel):
    """Anything in the catalog: where it was read, when, and what stayed unconfirmed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: tuple[str, ...]
    date: str
    unconfirmed: tuple[str, ...] = ()

    @property
    def citation(self) -> str:
        """The first source, short enough for an error message."""
        return self.source[0]


def in_words(number: float) -> str:
    """A number for a message: 1,000,000 and 0.2, never 1e+06."""
    if float(number).is_integer() or abs(number) >= 100_000:
        return f"{round(number):,}"
    return f"{number:,g}"


def counted(number: float, noun: str) -> str:
    """A number of things: '1 shard', '1,200 shards'."""
    return f"{in_words(number)} {noun}{'' if number == 1 else 's'}"


@cache
def read_data(name: str) -> dict[str, Any]:
    """The parsed JSON of penstock/catalog/data/<name>.json. Treat it as read-only."""
    text = resources.files("penstock.catalog").joinpath("data", f"{name}.json").read_text("utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


@cache
def names_in(folder: str) -> tuple[str, ...]:
    """The names of the files in penstock/catalog/data/<folder>, without .json, sorted."""
    files = resources.files("penstock.catalog").joinpath("data", folder).iterdir()
    return tuple(sorted(file.name.removesuffix(".json") for file in files))


def entry(file: str, name: str) -> dict[str, Any]:
    """One entry of a data file.

    Raises:
        UnknownFactError: the file has no such entry.
    """
    data = read_data(file)
    if name not in data:
        raise UnknownFactError(
            f"the catalog's {file} have no entry {name!r}; known: {', '.join(sorted(data))}"
        )
    found: dict[str, Any] = data[name]
    return found
