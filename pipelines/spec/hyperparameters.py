"""Refuses hyperparameters that the algorithm does not have, or values that it does not take."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.catalog.algorithms import Algorithm
from penstock.catalog.hyperparameters import Hyperparameter
from pipelines.spec.base import refusal
from pipelines.spec.tuning import CategoricalRange, ContinuousRange, Range


def check_hyperparameters(
    name: str, facts: Algorithm, given: Mapping[str, str], ranges: Mapping[str, Range]
) -> None:
    """Check what is set (`given`) and what is searched (`ranges`) of the algorithm `name`.

    Raises:
        ValueError: the refusal of the first one that is unknown, out of range or missing.
    """
    for parameter, value in given.items():
        known = _known(name, facts, parameter, place="hyperparameters")
        if not known.accepts(value):
            raise refusal(
                value,
                rule=f"hyperparameters: {parameter} must be {known.rule}",
                source=_source(facts, known),
                remedy=f"the default is {known.default}"
                if known.default is not None
                else "use such a value",
            )
    for parameter, wanted in ranges.items():
        known = _known(name, facts, parameter, place="tuning.ranges")
        _check_range(parameter, facts, known, wanted)
    for parameter, known in facts.hyperparameters.items():
        if known.required_with(given) and parameter not in given:
            raise refusal(
                dict(given),
                rule=f"hyperparameters: {name} needs {parameter}",
                source=_source(facts, known),
                remedy=f"add it: {known.rule}",
            )


def _known(name: str, facts: Algorithm, parameter: str, *, place: str) -> Hyperparameter:
    known = facts.hyperparameters.get(parameter)
    if known is None:
        raise refusal(
            parameter,
            rule=f"{place}: {name} has no hyperparameter of that name",
            source=_source(facts, None),
            remedy=f"use one of {', '.join(facts.hyperparameters)}",
        )
    return known


def _check_range(parameter: str, facts: Algorithm, known: Hyperparameter, wanted: Range) -> None:
    if isinstance(wanted, CategoricalRange):
        wrong = [value for value in wanted.values if not known.accepts(value)]
    elif known.type not in ("integer", "number") or (
        known.type == "integer" and isinstance(wanted, ContinuousRange)
    ):
        wrong = [f"a range of type {wanted.type}"]
    else:
        ends = (wanted.minimum, wanted.maximum)
        wrong = [f"{end:.15g}" for end in ends if not known.in_range(end)]
    if wrong:
        raise refusal(
            wrong[0],
            rule=f"tuning.ranges: {parameter} must be {known.rule}",
            source=_source(facts, known),
            remedy=_recommended(facts, parameter),
        )


def _recommended(facts: Algorithm, parameter: str) -> str:
    found = facts.tunable.get(parameter)
    if found is None:
        return "use a range of such values"
    if found.type == "categorical":
        return f"recommended: {', '.join(found.words)}"
    return f"recommended: {found.type}, from {found.minimum:g} to {found.maximum:g}"


def _source(facts: Algorithm, known: Hyperparameter | None) -> str:
    """The page on hyperparameters, and what no source confirmed of this one."""
    page = facts.source[min(1, len(facts.source) - 1)]
    if known is None or known.unconfirmed is None:
        return page
    return f"{page}; unconfirmed: {known.unconfirmed}"
