"""Refuses services that AWS has closed, by the name that somebody gives them."""

from __future__ import annotations

from penstock.catalog import retired
from pipelines.spec.base import refusal


def refuse_closed(value: object) -> None:
    """Refuses the catalog's name of a closed or ended service, such as 'clarify' or 'Forecast'.

    Raises:
        ValueError: the refusal, with what took over.
    """
    if not isinstance(value, str):
        return
    name = "-".join(value.lower().split())
    if name not in retired.names():
        return
    found = retired.retired(name)
    if found.status != "legacy":
        raise refusal(value, rule=found.in_words, source=found.citation, remedy=found.remedy)
