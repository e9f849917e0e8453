"""Public data sets: title, licence, and each file's pinned address and contents."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pydantic import BaseModel, ConfigDict

from penstock.catalog.facts import Fact, entry


class DatasetFile(BaseModel):
    """Where a file is, and the SHA-256 of what is in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    sha256: str


class Dataset(Fact):
    """A data set; `files` by their path in its folder."""

    title: str
    licence: str
    files: Mapping[str, DatasetFile]


@cache
def dataset(name: str) -> Dataset:
    """The data set of that name.

    Raises:
        UnknownFactError: the catalog does not know it.
    """
    return Dataset.model_validate(entry("datasets", name))
