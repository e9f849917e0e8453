"""A training job of jobs/reviews: its /opt/ml with rows that a small model learns, and its run."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from penstock.recordio import write_dense

ROOT = Path(__file__).parents[2]
MAX_TOKENS = 24
WORDS = 60  # of them the first GOOD + BAD tell a row's label
SPECIALS, GOOD, BAD = 5, 8, 8
# small enough for a second a run, and with dropout: random numbers must agree as well
SMALL = {
    "epochs": 3,
    "batch_size": 8,
    "learning_rate": 0.005,
    "layers": 1,
    "heads": 2,
    "hidden_size": 16,
    "dropout": 0.1,
    "patience": 3,
}


def rows(count: int, seed: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Token ids and labels: good words make 1, bad ones 0, among others that say nothing."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    ids = np.zeros((count, MAX_TOKENS), np.int32)
    for row, label in enumerate(labels):
        length = int(rng.integers(10, MAX_TOKENS + 1))
        ids[row, :length] = rng.integers(SPECIALS + GOOD + BAD, WORDS, length)
        telling = rng.choice(np.arange(1, length - 1), 4, replace=False)
        ids[row, telling] = rng.integers(0, GOOD, 4) + SPECIALS + (0 if label else GOOD)
        ids[row, 0], ids[row, length - 1] = 2, 3
    return ids, labels.astype(np.float32)


class Host:
    """One container's /opt/ml; `files` are the numbers of the train channel's files it has."""

    def __init__(
        self,
        root: Path,
        *,
        files: tuple[int, ...] = (0, 1),
        distribution: str = "FullyReplicated",
        hosts: tuple[str, ...] = ("algo-1",),
        name: str = "algo-1",
        rows_of_file: int = 60,
        shuffled: bool = False,
    ) -> None:
        self.root = root
        for number in files:
            ids, labels = rows(rows_of_file + number, seed=number)
            if shuffled:
                labels = np.random.default_rng(number).permutation(labels)
            self._write("train", number, ids, labels)
        self._write("validation", 0, *rows(80, seed=100))
        self._write("test", 0, *rows(200, seed=101))
        tokenizer = root / "input" / "data" / "tokenizer"
        tokenizer.mkdir()
        words = [f"word{number}\n" for number in range(WORDS)]
        (tokenizer / "vocab.txt").write_text("".join(words))
        (tokenizer / "tokenizer.json").write_text(json.dumps({"max_tokens": MAX_TOKENS}))
        config = root / "input" / "config"
        config.mkdir()
        (config / "inputdataconfig.json").write_text(
            json.dumps(
                {
                    channel: {
                        "TrainingInputMode": "File",
                        "S3DistributionType": distribution
                        if channel == "train"
                        else "FullyReplicated",
                    }
                    for channel in ("train", "validation", "test", "tokenizer")
                }
            )
        )
        (config / "resourceconfig.json").write_text(
            json.dumps({"current_host": name, "hosts": hosts, "network_interface_name": "lo"})
        )
        (root / "checkpoints").mkdir()
        (root / "model").mkdir()

    def start(
        self,
        *,
        module: tuple[str, ...] = ("jobs.reviews.train",),
        port: int = 0,
        **settings: object,
    ) -> subprocess.Popen[str]:
        """The script with SMALL's settings, but for those given."""
        words = [f"--{name}={value}" for name, value in {**SMALL, **settings}.items()]
        return subprocess.Popen(
            [sys.executable, "-m", *module, *words],
            env={
                **os.environ,
                "OPT_ML": str(self.root),
                "PYTHONPATH": str(ROOT),
                "OMP_NUM_THREADS": "1",
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": str(port),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def train(
        self, *, module: tuple[str, ...] = ("jobs.reviews.train",), **settings: object
    ) -> str:
        """What a whole training prints."""
        return ended(self.start(module=module, **settings))

    @property
    def weights(self) -> bytes:
        """Those of the trained model, as the artefact has them."""
        return (self.root / "model" / "model.safetensors").read_bytes()

    @property
    def checkpoint(self) -> Path:
        """The last one."""
        return self.root / "checkpoints" / "last.pt"

    def _write(
        self,
        channel: str,
        number: int,
        ids: npt.NDArray[np.int32],
        labels: npt.NDArray[np.float32],
    ) -> None:
        folder = self.root / "input" / "data" / channel
        folder.mkdir(parents=True, exist_ok=True)
        file = io.BytesIO()
        write_dense(file, ids, labels)
        (folder / f"part-{number:05d}.rec").write_bytes(file.getvalue())


def ended(process: subprocess.Popen[str], code: int = 0) -> str:
    """What a run printed, once it has ended with that exit code."""
    printed, errors = process.communicate(timeout=240)
    assert process.returncode == code, errors
    return printed


def curve(printed: str) -> dict[str, float]:
    """The losses and accuracies that a run told: `epoch=1 train_loss` and so on."""
    found = {}
    for line in printed.splitlines():
        epoch = re.match(r"(epoch=\d+)? ?", line)
        assert epoch is not None
        for name, value in re.findall(r"(\w+_(?:loss|accuracy))=(\S+)", line):
            found[f"{epoch[1] or 'end'} {name}"] = float(value)
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
