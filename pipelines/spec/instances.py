"""Refuses instance types that SageMaker does not offer for a use."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from penstock.catalog import instances
from pipelines.spec.base import refusal


def usable_for(use: instances.Use) -> Callable[[str], str]:
    """A validator of instance types for 'training' or 'hosting'."""

    def check(value: str) -> str:
        known = instances.names(use)
        if value not in known:
            close = difflib.get_close_matches(value, known, n=3) or ["ml.m5.large"]
            raise refusal(
                value,
                rule=f"no instance type that SageMaker offers for {use}",
                source=instances.source(),
                remedy=f"use {' or '.join(close)}",
            )
        return value

    return check
