"""Runtimes that shipped code meets: Glue and Lambda versions, their Python and libraries."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from penstock.catalog.facts import Fact, UnknownFactError, entry


class GlueRuntime(Fact):
    """What one Glue version runs a Spark job with."""

    spark: str
    python: str
    java: str
    worker_types: tuple[str, ...]
    libraries: Mapping[str, str]


class LambdaRuntime(Fact):
    """What one Lambda runtime runs a function with."""

    python: str
    base: str
    supported_until: str


def glue_versions() -> tuple[str, ...]:
    """The Glue versions that the catalog knows."""
    return tuple(entry("runtimes", "glue"))


@cache
def glue(version: str) -> GlueRuntime:
    """The runtime of a Glue version such as '5.1'.

    Raises:
        UnknownFactError: the catalog does not know that version.
    """
    versions = entry("runtimes", "glue")
    if version not in versions:
        raise UnknownFactError(
            f"the catalog knows no Glue version {version!r}; known: {', '.join(versions)}"
        )
    return GlueRuntime.model_validate(versions[version])


@cache
def lambda_python() -> tuple[str, LambdaRuntime]:
    """The Lambda runtime that our functions are shipped to: its identifier and facts."""
    identifier, facts = next(iter(entry("runtimes", "lambda").items()))
    return identifier, LambdaRuntime.model_validate(facts)
