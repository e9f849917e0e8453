"""The hosts of a training job: which one this is, and how they hand each other arrays.

In the real service they reach each other by name over the network; here by files in a folder that
the platform names in BETWEEN_HOSTS.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from penstock.localcloud.engines.container.opt_ml import OptMl

VARIABLE = "BETWEEN_HOSTS"
_LOOK_SECONDS = 0.01


@dataclass(frozen=True)
class Hosts:
    """`names` of all hosts in order, the `current` one, and the folder `between` them."""

    current: str
    names: tuple[str, ...]
    between: Path

    @classmethod
    def of(cls, opt_ml: OptMl) -> Hosts:
        """As resourceconfig.json has them; one host, algo-1, where there is no such file."""
        resources = opt_ml.config("resourceconfig")
        return cls(
            current=str(resources.get("current_host", "algo-1")),
            names=tuple(resources.get("hosts", ["algo-1"])),
            between=Path(os.environ.get(VARIABLE, opt_ml.root / "between-hosts")),
        )

    @property
    def number(self) -> int:
        """This host's place among the hosts, from 0."""
        return self.names.index(self.current)

    @property
    def is_first(self) -> bool:
        """Whether this is the host that writes the model."""
        return self.number == 0

    def send(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Leave arrays for the first host."""
        self.between.mkdir(parents=True, exist_ok=True)
        unfinished = self.between / f"{self.current}.unfinished"
        with unfinished.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        unfinished.rename(self._file_of(self.current))

    def receive(self, name: str) -> dict[str, NDArray[Any]]:
        """The arrays that host `name` sends; waits for them.

        There is no limit: a host that fails ends the job, and with it all of its hosts.
        """
        file = self._file_of(name)
        while not file.exists():
            time.sleep(_LOOK_SECONDS)
        with np.load(file, allow_pickle=False) as arrays:
            return dict(arrays)

    def _file_of(self, name: str) -> Path:
        return self.between / f"{name}.npz"
