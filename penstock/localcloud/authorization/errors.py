"""What is wrong with a policy, and what of it is not understood."""

from __future__ import annotations


class PolicyError(ValueError):
    """A document that IAM would refuse as malformed; one line that says why."""


class NotUnderstoodError(Exception):
    """A condition whose outcome on AWS is not known here; the text says which and why."""
