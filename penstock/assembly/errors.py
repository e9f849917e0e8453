"""What is wrong with a cloud assembly."""

from __future__ import annotations


class AssemblyError(Exception):
    """The folder holds no cloud assembly, or one that cannot be read; one line that says why."""
