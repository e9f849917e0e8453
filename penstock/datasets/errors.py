"""What is said of data that cannot be had or read."""

from __future__ import annotations


class DatasetError(ValueError):
    """The text is one line: where, what is wrong, by which rule, what to do instead."""
