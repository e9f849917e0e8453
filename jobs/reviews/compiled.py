"""A compiled model: a traced program for each number of texts that it takes at a time."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch

COMPILED = "model.neuron"  # the folder beside the plain weights
REPORT = "compile.json"
NEURON, STAND_IN = "torch_neuronx", "torch.jit"


class Compiled:
    """Answers any number of rows of `max_tokens` ids: in batches that it was compiled for."""

    def __init__(self, programs: dict[int, Any], max_tokens: int) -> None:
        self.max_tokens = max_tokens
        self._programs = dict(sorted(programs.items()))

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """The smallest first."""
        return tuple(self._programs)

    def logits(self, ids: Any, mask: Any) -> Any:
        """The scores before softmax of (rows, max_tokens) ids; a short batch is filled up."""
        found = []
        start = 0
        while start < len(ids):
            size = next(
                (size for size in self._programs if size >= len(ids) - start),
                self.batch_sizes[-1],
            )
            rows = min(size, len(ids) - start)
            taken = slice(start, start + rows)
            answers = self._programs[size](_filled(ids[taken], size), _filled(mask[taken], size))
            found.append(answers[:rows])
            start += rows
        return torch.cat(found)


def file_name(batch_size: int, max_tokens: int) -> str:
    """What the program for a shape is called."""
    return f"{batch_size}x{max_tokens}.pt"


def report(folder: Path) -> dict[str, Any] | None:
    """How the model in a folder was compiled; None if it was not."""
    path = folder / REPORT
    if not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def load(folder: Path) -> Compiled:
    """The compiled model of a folder.

    Raises:
        FileNotFoundError: it has not been compiled.
    """
    found = report(folder)
    if found is None:
        raise FileNotFoundError(
            f"{REPORT} is not in model.tar.gz: this machine has Neuron cores and the model was "
            "not compiled for them; serve what the compilation wrote, or the plain model on an "
            "instance type without them"
        )
    if found["compiler"] == NEURON:
        # one core for each worker of the model server: without it the first worker takes them all
        os.environ.setdefault("NEURON_RT_NUM_CORES", "1")
        import torch_neuronx  # noqa: F401 (registers what the programs call)
    tokens = int(found["max_tokens"])
    programs = {
        size: torch.jit.load(folder / COMPILED / file_name(size, tokens))
        for size in found["batch_sizes"]
    }
    return Compiled(programs, tokens)


def _filled(rows: Any, size: int) -> Any:
    # with copies of the last row, whose answers nobody reads
    missing = size - len(rows)
    return torch.cat([rows, rows[-1:].expand(missing, -1)]) if missing else rows
