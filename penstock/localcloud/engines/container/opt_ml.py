"""The container's /opt/ml as the platform lays it out; `OPT_ML` says where it is here."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IN_CONTAINER = Path("/opt/ml")


@dataclass(frozen=True)
class OptMl:
    """Paths and configuration files (SageMaker developer guide, your-algorithms-training-algo)."""

    root: Path

    @classmethod
    def from_environment(cls) -> OptMl:
        """The directory named by OPT_ML, /opt/ml by default."""
        return cls(Path(os.environ.get("OPT_ML", IN_CONTAINER)))

    def config(self, name: str) -> dict[str, Any]:
        """input/config/<name>.json; an empty object when the file is not there."""
        path = self.root / "input" / "config" / f"{name}.json"
        if not path.exists():
            return {}
        loaded: dict[str, Any] = json.loads(path.read_text())
        return loaded

    @property
    def data(self) -> Path:
        """Where channels appear."""
        return self.root / "input" / "data"

    @property
    def model(self) -> Path:
        """Where the model is written and read."""
        return self.root / "model"

    @property
    def checkpoints(self) -> Path | None:
        """Where checkpoints are kept and found again; None for a job without CheckpointConfig.

        That checkpointconfig.json has LocalPath is what aws/sagemaker-xgboost-container reads; the
        file's whole form is unconfirmed.
        """
        path = self.config("checkpointconfig").get("LocalPath")
        return None if path is None else self.root / Path(path).relative_to(IN_CONTAINER)

    def fail(self, reason: str) -> None:
        """Write output/failure."""
        (self.root / "output").mkdir(parents=True, exist_ok=True)
        (self.root / "output" / "failure").write_text(reason)

    def account(self, **facts: Any) -> None:
        """Write output/engine.json: what the platform's ledger and report are told."""
        (self.root / "output").mkdir(parents=True, exist_ok=True)
        (self.root / "output" / "engine.json").write_text(json.dumps(facts))
