"""One sentence on a type that somebody named: how it compares with the one that is chosen."""

from __future__ import annotations

from penstock.advisor.advice import Advice, Candidate
from penstock.advisor.sentences import parts_of


def compared(name: str, advice: Advice) -> str:
    """What the advice says of a type of this name.

    Raises:
        ValueError: the advice judges no such type.
    """
    first = advice.chosen
    for misfit in advice.misfits:
        if misfit.name == name:
            instead = (
                advice.reason.removesuffix(".") if first is None else f"{first.name} would be taken"
            )
            return f"{name} is given and would not be taken: {misfit.reason}; {instead}."
    for candidate in advice.candidates:
        if candidate.name == name and first is not None:
            return _among(candidate, first)
    raise ValueError(f"{name}: the advice judges no such type; give the name of one")


def _among(given: Candidate, first: Candidate) -> str:
    start = f"{given.name} is given"
    if given.name == first.name:
        return f"{start}, and it is the first choice."
    has = parts_of(given.instance)
    if given.usd_per_hour is None or first.usd_per_hour is None:
        return f"{start} and fits: its price is unknown; {first.name} is the first choice ({has})."
    more = given.usd_per_hour / first.usd_per_hour - 1
    if more == 0:
        price = "the same as"
    else:
        price = f"{max(abs(more), 0.001):.1%} {'more' if more > 0 else 'less'} than"
    return (
        f"{start} and fits: {given.usd_per_hour:.4g} USD/h, {price} {first.name}, the first "
        f"choice, for {has}."
    )
