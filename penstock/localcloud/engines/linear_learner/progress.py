"""How far a training has come, and the checkpoint that keeps it."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from penstock.localcloud.engines.container.errors import CustomerError
from penstock.localcloud.engines.linear_learner.learner import Learner
from penstock.localcloud.engines.linear_learner.model import LinearModel
from penstock.localcloud.engines.linear_learner.scaler import Scaler

FILE_NAME = "linear-learner.npz"
_LEARNER, _BEST, _SCALER = "learner.", "best.", "scaler."


@dataclass
class Progress:
    """After `epochs` epochs: the best model so far with its loss and metrics.

    `stale` counts the epochs since the loss has improved enough, `records` what each channel holds.
    """

    epochs: int = 0
    scaler: Scaler | None = None
    best: LinearModel | None = None
    best_loss: float = float("inf")
    quality: dict[str, float] = field(default_factory=dict)
    stale: int = 0
    records: dict[str, int] = field(default_factory=dict)

    def save(self, folder: Path, learner: Learner) -> None:
        """Write the checkpoint over the one before, at once as a whole; one epoch is needed."""
        assert self.scaler is not None
        assert self.best is not None
        scaler, best = self.scaler, self.best
        header = {
            "predictor_type": best.predictor_type,
            "solver": learner.solver,
            "epochs": self.epochs,
            "best_loss": self.best_loss,
            "quality": self.quality,
            "stale": self.stale,
            "records": self.records,
            "label_shift": scaler.label_shift,
            "label_scale": scaler.label_scale,
        }
        # beside the folder: what is in it may be copied away at any time
        unfinished = folder.parent / f"{FILE_NAME}.unfinished"
        with unfinished.open("wb") as file:
            np.savez(
                file,
                allow_pickle=False,
                header=np.frombuffer(json.dumps(header).encode(), dtype=np.uint8),
                **{_LEARNER + name: array for name, array in learner.arrays().items()},
                **{_BEST + "weights": best.weights, _BEST + "bias": best.bias},
                **{_SCALER + "shift": scaler.shift, _SCALER + "scale": scaler.scale},
            )
        unfinished.replace(folder / FILE_NAME)

    @classmethod
    def resume(cls, folder: Path, learner: Learner, predictor_type: str) -> Progress:
        """From the checkpoint in `folder`, with the learner where it was; a new one without.

        CustomerError for a checkpoint of another kind of training.
        """
        path = folder / FILE_NAME
        if not path.exists():
            return cls()
        try:
            with np.load(path, allow_pickle=False) as arrays:
                header = json.loads(arrays["header"].tobytes())
                kinds = (header["predictor_type"], header["solver"])
                if kinds != (predictor_type, learner.solver):
                    raise CustomerError(
                        f"checkpoint {FILE_NAME}: it is of a {kinds[0]} trained with {kinds[1]}, "
                        f"this is a {predictor_type} trained with {learner.solver}; "
                        "use another CheckpointConfig.S3Uri"
                    )
                learner.resume(
                    {
                        name.removeprefix(_LEARNER): arrays[name]
                        for name in arrays.files
                        if name.startswith(_LEARNER)
                    }
                )
                scaler = Scaler(
                    arrays[_SCALER + "shift"],
                    arrays[_SCALER + "scale"],
                    header["label_shift"],
                    header["label_scale"],
                )
                best = LinearModel(
                    predictor_type, arrays[_BEST + "weights"], arrays[_BEST + "bias"]
                )
        except (KeyError, ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
            raise CustomerError(f"checkpoint {FILE_NAME} cannot be read: {error}") from error
        return cls(
            header["epochs"],
            scaler,
            best,
            header["best_loss"],
            header["quality"],
            header["stale"],
            header["records"],
        )
