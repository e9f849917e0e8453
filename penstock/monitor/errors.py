"""What the monitor refuses."""

from __future__ import annotations


class MonitorError(ValueError):
    """Wrong input: one line that names what, the rule, and what to use instead."""
