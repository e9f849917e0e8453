"""The private /opt/ml of one host of one job, with the configuration files as published."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penstock.localcloud.workers.training.channels import ChannelObjects

FAILURE_CHARACTERS = 1024


@dataclass(frozen=True)
class HostLayout:
    """Directories and files (SageMaker developer guide, your-algorithms-training-algo)."""

    root: Path

    def create(
        self,
        *,
        hyperparameters: dict[str, str],
        channels: list[ChannelObjects],
        host: str,
        hosts: list[str],
        checkpoints: str | None = None,
    ) -> None:
        """Make the directories and write hyper-parameters, channels and resources.

        `checkpoints` is CheckpointConfig's LocalPath; without it there is no such file (its form
        is unconfirmed, see penstock.localcloud.engines.container.opt_ml).
        """
        for directory in (self.config, self.data, self.model, self.output / "data"):
            directory.mkdir(parents=True, exist_ok=True)
        self._write("hyperparameters", {key: str(value) for key, value in hyperparameters.items()})
        self._write("inputdataconfig", {channel.name: channel.config() for channel in channels})
        self._write(
            "resourceconfig",
            {"current_host": host, "hosts": sorted(hosts), "network_interface_name": "eth0"},
        )
        if checkpoints is not None:
            self._write("checkpointconfig", {"LocalPath": checkpoints})

    @property
    def config(self) -> Path:
        """input/config."""
        return self.root / "input" / "config"

    @property
    def data(self) -> Path:
        """input/data."""
        return self.root / "input" / "data"

    @property
    def model(self) -> Path:
        """What becomes model.tar.gz."""
        return self.root / "model"

    @property
    def output(self) -> Path:
        """output, with the failure file and data, which becomes output.tar.gz."""
        return self.root / "output"

    def failure(self) -> str:
        """The first 1024 characters of output/failure, empty when there is none."""
        path = self.output / "failure"
        if not path.is_file():
            return ""
        with path.open(errors="replace") as file:
            return file.read(FAILURE_CHARACTERS)

    def engine_account(self) -> dict[str, Any]:
        """What the engine says about itself in output/engine.json; empty when it says nothing."""
        path = self.output / "engine.json"
        if not path.is_file():
            return {}
        account: dict[str, Any] = json.loads(path.read_text())
        return account

    def remove(self) -> None:
        """Delete everything."""
        shutil.rmtree(self.root, ignore_errors=True)

    def _write(self, name: str, content: dict[str, Any]) -> None:
        (self.config / f"{name}.json").write_text(json.dumps(content))
