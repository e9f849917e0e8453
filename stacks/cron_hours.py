"""The hours of an AWS cron expression."""

from __future__ import annotations


def cron_hours(every_hours: int) -> str:
    """Every n hours from midnight on; n divides 24."""
    return {1: "*", 24: "0"}.get(every_hours, f"0/{every_hours}")
