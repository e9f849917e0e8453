"""Checkpoints: written whole or not at all, found again by the next attempt."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

NAME, IN_THE_MAKING = "last.pt", "last.pt.part"


def folder() -> Path | None:
    """Where SageMaker keeps checkpoints; None for a job that was started without."""
    path = Path(os.environ.get("OPT_ML", "/opt/ml")) / "checkpoints"
    return path if path.is_dir() else None


def write(state: Mapping[str, Any]) -> None:
    """Replace the last checkpoint.

    The file in the making lies beside it: only within a folder is renaming sure to be one act.
    SageMaker may copy that one too, and nobody reads it.
    """
    place = folder()
    if place is None:
        return
    with (place / IN_THE_MAKING).open("wb") as file:
        torch.save(on_cpu(state), file)
        file.flush()
        os.fsync(file.fileno())
    (place / IN_THE_MAKING).replace(place / NAME)


def read() -> dict[str, Any] | None:
    """The last checkpoint; None for a training that begins."""
    place = folder()
    if place is None or not (place / NAME).is_file():
        return None
    found: dict[str, Any] = torch.load(place / NAME, map_location="cpu", weights_only=True)
    return found


def on_cpu(state: Any) -> Any:
    """A state with its tensors in this machine's memory: any other machine can read them."""
    if isinstance(state, torch.Tensor):
        return state.detach().cpu()
    if isinstance(state, Mapping):
        return {name: on_cpu(value) for name, value in state.items()}
    if isinstance(state, list):
        return [on_cpu(value) for value in state]
    return state
