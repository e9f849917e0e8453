"""A script's hyperparameters as the training toolkit reads them and hands them on.

Source of all of it: aws/sagemaker-training-toolkit@3383937, environment.py, mapping.py, params.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PREFIX = "sagemaker_"
# what the toolkit keeps for itself although it has no such prefix
_OTHERS = frozenset({"default_user_module_name", "_tuning_objective_metric"})
# what it uses of those with the prefix; the rest is the framework's
_TOOLKIT = frozenset(
    {
        "sagemaker_program",
        "sagemaker_submit_directory",
        "sagemaker_enable_cloudwatch_metrics",
        "sagemaker_region",
        "sagemaker_container_log_level",
        "sagemaker_job_name",
        "sagemaker_s3_output",
    }
)


@dataclass(frozen=True)
class Hyperparameters:
    """`users` are the script's own, `platforms` those with the toolkit's names."""

    users: Mapping[str, Any]
    platforms: Mapping[str, Any]

    @classmethod
    def read(cls, raw: Mapping[str, str]) -> Hyperparameters:
        """Each value is JSON; what is not stays the string that it is."""
        users: dict[str, Any] = {}
        platforms: dict[str, Any] = {}
        for name, text in raw.items():
            is_platforms = name.startswith(_PREFIX) or name in _OTHERS
            (platforms if is_platforms else users)[name] = _decoded(text)
        return cls(users, platforms)

    @property
    def frameworks(self) -> dict[str, Any]:
        """Those that the toolkit hands to the framework's launchers."""
        known = _TOOLKIT | _OTHERS
        return {name: value for name, value in self.platforms.items() if name not in known}

    def arguments(self) -> list[str]:
        """The script's command line: names in order, one letter with one dash."""
        words = []
        for name in sorted(self.users):
            words += [f"--{name}" if len(name) > 1 else f"-{name}", _word(self.users[name])]
        return words


def as_variable(value: Any) -> str:
    """A value in an SM_ variable: text as it is, all else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}={value[key]}" for key in sorted(value))
    return "" if value is None else str(value)
