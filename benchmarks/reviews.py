"""A step of the reviews' training against a bare PyTorch loop, and bfloat16 against float32.

On a GPU where there is one, else on the CPU; with PyTorch's environment (make torch):

    .venv/runtimes/torch/bin/python -m benchmarks.reviews [--size full]

The bare loop has the same model, optimizer, schedule and gradient clipping, its batches lie ready
on the device, and it knows nothing of fillers, lanes, seeds, checkpoints, interruption. A ratio of
0.95 is 1.05 times its time. The rows are random, all of them as long as they may be.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as nn

from benchmarks.comparison import compare, seconds
from jobs.reviews import data, fit
from jobs.reviews import model as models
from jobs.reviews.device import Device, open_device
from jobs.reviews.group import Group
from jobs.reviews.settings import Settings
from penstock.recordio import write_dense

SMALL = replace(Settings(), epochs=1000)
FULL = replace(SMALL, layers=6, heads=12, hidden_size=768)
SIZES = {"small": (SMALL, 256, 8000, 8), "full": (FULL, 512, 30522, 4)}  # tokens, words, steps
RUNS = 5
SLOWEST = 1.05


@dataclass
class Bare:
    """The loop as one would write it for one device."""

    settings: Settings
    device: Device
    batches: list[tuple[Any, Any]]
    half: bool

    def __post_init__(self) -> None:
        self.model = models.begin(self.settings).to(self.device.torch_device).train()
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(),
            lr=self.settings.learning_rate,
            weight_decay=self.settings.weight_decay,
            fused=self.device.kind == "cuda",
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: self.settings.rate_at(step, 1_000_000)
        )

    def epoch(self) -> None:
        """All batches once; the device is done when it ends."""
        total = torch.zeros((), device=self.device.torch_device)
        for ids, labels in self.batches:
            self.optimizer.zero_grad(set_to_none=True)
            with self._precision():
                logits = self.model(input_ids=ids, attention_mask=(ids != 0).long()).logits
            loss = nn.cross_entropy(logits.float(), labels)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), fit.LONGEST_GRADIENT)
            self.optimizer.step()
            self.schedule.step()
            total += loss.detach()
        float(total)

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        half: contextlib.AbstractContextManager[Any] = torch.autocast(
            self.device.torch_device.type, dtype=torch.bfloat16, enabled=self.half
        )
        return half


def main() -> None:
    """Print a JSON line for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--runs", type=int, default=RUNS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OPT_ML"] = folder
        measure(Path(folder), given.size, given.runs)


def measure(opt_ml: Path, size: str, runs: int) -> None:
    """In a training container's folder that is empty yet."""
    settings, tokens, words, steps = SIZES[size]
    fill(opt_ml, rows=steps * settings.batch_size, tokens=tokens, words=words)
    device = open_device(0)
    training = fit.Training(settings, device, Group(device.kind), fit.Interruption())
    rows = data.read("train", width=tokens)
    batches = [
        (device.put(rows.ids[start:end]), device.put(rows.labels[start:end]))
        for start in range(0, len(rows), settings.batch_size)
        for end in [start + settings.batch_size]
    ]
    bare = Bare(settings, device, batches, half=device.is_half)
    half, whole = (Bare(settings, device, batches, half=choice) for choice in (True, False))
    details = {
        "device": torch.cuda.get_device_name() if device.kind == "cuda" else device.kind,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "size": size,
        "parameters": sum(some.numel() for some in bare.model.parameters()),
        "steps": steps,
        "batch_size": settings.batch_size,
        "max_tokens": tokens,
    }
    for name, what, baseline, subject, against, goal in (
        (
            "reviews-step",
            "an epoch of jobs/reviews/fit.py",
            "a bare PyTorch loop",
            lambda: quietly(training.train_epoch),
            bare.epoch,
            {"at_least": 1 / SLOWEST},
        ),
        (
            "reviews-bf16",
            "a bare PyTorch loop, matrix products in bfloat16",
            "the same in float32",
            half.epoch,
            whole.epoch,
            {},
        ),
    ):
        found = compare(
            f"{name}-{size}",
            what=what,
            baseline=baseline,
            subject=lambda work=subject: seconds(work),  # type: ignore[misc]
            against=lambda work=against: seconds(work),  # type: ignore[misc]
            runs=runs,
            details={**details, **goal},
        )
        rate = rows.ids.size / found.document()["details"]["median_seconds"]
        replace(found, details={**found.details, "tokens_per_second": round(rate)}).print()


def quietly(work: Any) -> None:
    """Without the lines that are a job's log."""
    with contextlib.redirect_stdout(io.StringIO()):
        work()


def fill(opt_ml: Path, *, rows: int, tokens: int, words: int) -> None:
    """The channels of a training: random rows, as long as they may be."""
    rng = np.random.default_rng(1)
    channel, tokenizer = (
        opt_ml / "input" / "data" / "train",
        opt_ml / "input" / "data" / "tokenizer",
    )
    for folder in (channel, tokenizer, opt_ml / "input" / "config"):
        folder.mkdir(parents=True)
    with (channel / "part-00000.rec").open("wb") as file:
        ids = rng.integers(5, words, (rows, tokens), dtype=np.int32)
        write_dense(file, ids, rng.integers(0, 2, rows).astype(np.float32))
    (tokenizer / models.VOCABULARY).write_text("".join(f"word{n}\n" for n in range(words)))
    (tokenizer / models.FORM).write_text(json.dumps({"max_tokens": tokens}))
    described = {"train": {"TrainingInputMode": "File"}}
    (opt_ml / "input" / "config" / "inputdataconfig.json").write_text(json.dumps(described))


if __name__ == "__main__":
    main()
