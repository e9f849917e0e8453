"""Runtimes that code meets: Glue, Lambda and framework containers, their Python and libraries."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from penstock.catalog.facts import Fact, UnknownFactError, entry


class GlueRuntime(Fact):
    """What one Glue version runs a Spark job with; `tested`: shipped code is tested against it.

    None is what no source says.
    """

    spark: str
    python: str
    java: str | None
    worker_types: tuple[str, ...] | None
    libraries: Mapping[str, str]
    tested: bool


class LambdaRuntime(Fact):
    """What one Lambda runtime runs a function with; `tested`: shipped code is tested against it."""

    python: str
    base: str
    supported_until: str
    tested: bool


class ContainerRuntime(Fact):
    """What one version of a framework's container trains with.

    What is in a tag changes in place: `date` says of when this is.
    """

    repository: str
    python: str
    libraries: Mapping[str, str]


def glue_versions() -> tuple[str, ...]:
    """The Glue versions that shipped code is tested against."""
    known: dict[str, dict[str, Any]] = entry("runtimes", "glue")
    return tuple(version for version, facts in known.items() if facts["tested"])


@cache
def glue(version: str) -> GlueRuntime:
    """The runtime of a Glue version such as '5.1'.

    Raises:
        UnknownFactError: the catalog does not know that version.
    """
    return GlueRuntime.model_validate(_found("Glue version", entry("runtimes", "glue"), version))


@cache
def lambda_python() -> tuple[str, LambdaRuntime]:
    """The Lambda runtime that our functions are shipped to: its identifier and facts."""
    known: dict[str, dict[str, Any]] = entry("runtimes", "lambda")
    identifier = next(name for name, facts in known.items() if facts["tested"])
    return identifier, LambdaRuntime.model_validate(known[identifier])


@cache
def lambda_runtime(identifier: str) -> LambdaRuntime:
    """The Lambda runtime of an identifier such as 'python3.13'.

    Raises:
        UnknownFactError: the catalog does not know it.
    """
    return LambdaRuntime.model_validate(
        _found("Lambda runtime", entry("runtimes", "lambda"), identifier)
    )


@cache
def container(framework: str, version: str) -> ContainerRuntime:
    """The container of a framework's version, such as 'xgboost', '3.0-5'.

    Raises:
        UnknownFactError: the catalog does not know it.
    """
    versions = _found("framework", entry("runtimes", "containers"), framework)
    return ContainerRuntime.model_validate(_found(f"{framework} container", versions, version))


def _found(kind: str, known: Mapping[str, Any], name: str) -> Any:
    if name not in known:
        raise UnknownFactError(
            f"the catalog knows no {kind} {name!r}; known: {', '.join(sorted(known))}"
        )
    return known[name]
