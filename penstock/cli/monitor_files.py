"""The documents in a folder that `penstock monitor` wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from penstock.cli.errors import UsageError
from penstock.monitor.run import CONSTRAINTS, STATISTICS, Baseline


def read_baseline(folder: Path) -> Baseline:
    """statistics.json and constraints.json; UsageError without them."""
    return Baseline(read_document(folder / STATISTICS), read_document(folder / CONSTRAINTS))


def read_document(path: Path) -> dict[str, Any]:
    """A JSON object; UsageError for anything else."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}; give a folder that `penstock monitor` wrote"
        ) from error
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path} holds a {type(document).__name__}, not a JSON object")
    return document
