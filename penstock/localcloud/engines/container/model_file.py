"""`model_algo-1`, a model as numpy arrays and a header; nothing in it is a pickled object."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE_NAME = "model_algo-1"
_FORMAT = 1


def save_model(
    directory: Path, algorithm: str, header: dict[str, Any], **arrays: NDArray[Any]
) -> Path:
    """Write the file into `directory`; `header` is JSON."""
    text = json.dumps({"format": _FORMAT, "algorithm": algorithm, **header})
    path = directory / FILE_NAME
    with path.open("wb") as file:
        np.savez(
            file, allow_pickle=False, header=np.frombuffer(text.encode(), dtype=np.uint8), **arrays
        )
    return path


def load_model(
    directory: Path, algorithm: str, *names: str
) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """The header and the arrays of these names; OSError if missing, ValueError if no such model."""
    path = directory / FILE_NAME
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            header: dict[str, Any] = json.loads(arrays["header"].tobytes())
            if (header["format"], header["algorithm"]) != (_FORMAT, algorithm):
                raise ValueError(f"its header is {header}")
            return header, [arrays[name] for name in names]
    except (KeyError, TypeError, ValueError, EOFError) as error:
        raise ValueError(
            f"{path.name} is not a model that this engine wrote ({error}); "
            f"models of the real {algorithm} image cannot be read here"
        ) from error
