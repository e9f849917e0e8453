"""One offline run of each pipeline, with what it decided and the policies it was decided by."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from penstock.cli.offline_run import DECISIONS_FILE
from tests.iam import documents
from tests.iam.replay import Piece, Recorded, Replay
from tests.iam.table import Row

ROOT = Path(__file__).parents[2]
PARTS = ("app.py", "cdk.json", "pipelines", "stacks", "lambda", "jobs", "penstock", "tests")
NO_NETWORK = {"https_proxy": "http://127.0.0.1:9", "no_proxy": "", "NO_PROXY": ""}
# what `penstock run` is told, and its variables
RUNS: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {
    "digits": (("digits",), {}),
    "anomaly": (("anomaly", "--records", "6000"), NO_NETWORK),
}
# those of tests/script_mode, which need PyTorch
TORCH_RUNS = {
    f"reviews/{accelerator}": ("reviews", "--accelerator", accelerator)
    for accelerator in ("gpu", "trainium", "cpu")
}


@dataclass(frozen=True)
class Run:
    """A pipeline's run, replayed."""

    name: str
    replay: Replay

    @cached_property
    def pieces(self) -> list[Piece]:
        """Every action of every Allow statement of the templates."""
        return list(self.replay.pieces())

    @cached_property
    def used(self) -> set[Piece]:
        """Those that some decision of the run rests on."""
        found = set()
        for recorded in self.replay.recorded:
            if recorded.verdict == "allowed":
                found |= self.replay.rests_on(recorded)
        return found

    def tabled(self, rows: Sequence[Row]) -> set[Piece]:
        """Those that the table speaks of."""
        return {piece for piece in self.pieces if any(row.covers(self.name, piece) for row in rows)}


def run(name: str, folder: Path) -> Run:
    """In a process of its own; AssertionError with its output when it fails."""
    folder.mkdir()
    for part in PARTS:
        (folder / part).symlink_to(ROOT / part)
    told, variables = RUNS[name]
    done = subprocess.run(
        [sys.executable, "-m", "tests.iam.recorded_run", "run", *told],
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), **variables},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return load(name, folder / "runs" / told[0] / "latest")


def load(name: str, folder: Path) -> Run:
    """A run that is over, from its folder."""
    replay = Replay(
        documents.load(folder / "policies.json"), Recorded.read(folder / DECISIONS_FILE)
    )
    return Run(name, replay)
