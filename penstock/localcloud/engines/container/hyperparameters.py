"""Which hyperparameters a user gave, and whether the algorithm knows them at all."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping

from penstock.localcloud.engines.container.errors import CustomerError

# given by the platform itself, not by the user (sagemaker-training-toolkit, params)
_PLATFORM = frozenset({"_tuning_objective_metric", "_num_gpus", "_num_kv_servers", "_kvstore"})


def given_by_user(
    raw: Mapping[str, str], known: Collection[str], *, algorithm: str, source: str
) -> dict[str, str]:
    """The strings of hyperparameters.json without the platform's own; CustomerError if unknown."""
    given = {name: str(text).strip() for name, text in raw.items() if name not in _PLATFORM}
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise CustomerError(
                f"hyperparameter {name}: {algorithm} has no such hyperparameter{hint} ({source})"
            )
    return given
