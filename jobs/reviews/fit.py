"""The training loop of one process: batches, gradients, checkpoints, early stopping, the model.

Where a job has several processes they train one model. Whatever their number, the same global
batches make the same model, up to the order in which numbers are added.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch.nn import functional as nn

from jobs.reviews import artifact, checkpoint, data, evaluate
from jobs.reviews import model as models
from jobs.reviews.device import Device, kind_here, open_device
from jobs.reviews.group import Group
from jobs.reviews.settings import Settings

INTERRUPTED = 75  # the exit code of a training that was told to end: try again (EX_TEMPFAIL)
LONGEST_GRADIENT = 1.0


@dataclass
class Progress:
    """How far a training has come.

    `step` is that of the epoch, `steps` counts all, `losses` adds up the epoch's by process.
    `accuracy` and `loss` are the best epoch's on the validation rows, `stale` counts the epochs
    since.
    """

    epoch: int = 0
    step: int = 0
    steps: int = 0
    losses: list[float] = field(default_factory=list)
    accuracy: float = -1.0
    loss: float = 0.0
    stale: int = 0


class Interruption:
    """SIGTERM: a spare machine is taken away, or time is up. The step that runs is finished.

    The containers' training toolkit does not hand the signal on to scripts
    (aws/sagemaker-training-toolkit issues 125, 173, open), so there it is the checkpoint of every
    `checkpoint_steps` that a training goes on from.
    """

    def __init__(self) -> None:
        self.came = False

    def note(self, _signal: int, _frame: Any) -> None:
        """What is to be done on the signal."""
        self.came = True


def main(arguments: list[str]) -> int:
    """Train, evaluate, write the model; the exit code."""
    settings = Settings.parse(arguments)
    interruption = Interruption()
    signal.signal(signal.SIGTERM, interruption.note)
    with Group(kind_here()) as group:
        return Training(settings, open_device(group.local_rank), group, interruption).run()


class Training:
    """One process's part of a training."""

    def __init__(
        self, settings: Settings, device: Device, group: Group, interruption: Interruption
    ) -> None:
        """Read the rows, build the model, go on from the last checkpoint.

        Raises:
            ValueError: settings, rows and model do not fit together.
        """
        self._settings = settings.for_pretrained() if models.is_pretrained() else settings
        self._device, self._group, self._interruption = device, group, interruption
        self._width = models.max_tokens()
        self._lanes = self._read_lanes()
        self._rows = [int(rows) for rows in group.gathered([len(lane) for lane in self._lanes])]
        if not any(self._rows):
            raise ValueError("channel train: it has no rows")
        if settings.batch_size % len(self._rows):
            raise ValueError(
                f"--batch_size is {settings.batch_size}: it must be a multiple of the "
                f"{len(self._rows)} lanes, one a device unless --lanes says otherwise"
            )
        self._lane_batch = settings.batch_size // len(self._rows)
        self._steps = data.steps(self._rows, self._lane_batch)
        self._model = models.begin(self._settings).to(device.torch_device)
        self._optimizer = self._begin_optimizer()
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer,
            lambda step: self._settings.rate_at(step, self._settings.epochs * self._steps),
        )
        self._progress = Progress()
        self._best: dict[str, Any] = {}
        self._resume()
        self._parallel = group.parallel(self._model, device)

    def run(self) -> int:
        """All epochs, then the test rows and the artefact; the exit code."""
        settings, progress = self._settings, self._progress
        validation = self._read_part("validation")
        while progress.epoch < settings.epochs and progress.stale < settings.patience:
            if not self.train_epoch():
                self._say(f"interrupted in epoch {progress.epoch + 1} after step {progress.step}")
                return INTERRUPTED
            accuracy, loss = self._evaluate("validation", validation)
            self._say(
                f"epoch={progress.epoch} validation_accuracy={accuracy:.6f} "
                f"validation_loss={loss:.6f}"
            )
            # of two that are equally often right the one that is surer
            better = (accuracy, -loss) > (progress.accuracy, -progress.loss)
            progress.stale = 0 if better else progress.stale + 1
            if better:
                progress.accuracy, progress.loss = accuracy, loss
                self._best = {
                    name: value.clone()
                    for name, value in checkpoint.on_cpu(self._model.state_dict()).items()
                }
            self._keep()
        self._model.load_state_dict(self._best)
        accuracy, loss = self._evaluate("test", self._read_part("test"))
        self._say(f"test_accuracy={accuracy:.6f} test_loss={loss:.6f}")
        if self._group.rank == 0:
            artifact.write(
                self._model,
                training={
                    "settings": asdict(settings),
                    "pretrained": models.is_pretrained(),
                    "device": self._device.kind,
                    "processes": self._group.size,
                    "epochs": progress.epoch,
                    "validation_accuracy": progress.accuracy,
                    "test_accuracy": accuracy,
                    "test_loss": loss,
                },
            )
        return 0

    def train_epoch(self) -> bool:
        """From the step where the last attempt ended; False if it was told to end."""
        progress, group = self._progress, self._group
        self._parallel.train()
        began, tokens = time.perf_counter(), 0
        lanes = [
            data.lane_batches(
                rows,
                lane_batch=self._lane_batch,
                first=progress.step,
                count=self._steps,
                seed=self._settings.seed,
                epoch=progress.epoch,
                lane=group.rank * len(self._lanes) + number,
            )
            for number, rows in enumerate(self._lanes)
        ]
        total = torch.tensor(
            progress.losses[group.rank] if progress.step else 0.0, device=self._device.torch_device
        )
        for batches in zip(*lanes, strict=True):
            total += self._train_step(batches)
            tokens += sum(int((rows.ids != 0).sum()) for rows in batches)
            progress.step, progress.steps = progress.step + 1, progress.steps + 1
            ends = group.added(self._interruption.came) > 0  # all end after the same step
            if ends or progress.steps % self._settings.checkpoint_steps == 0:
                progress.losses = group.gathered([float(total)])
                self._keep()
            if ends:
                return False
        losses = group.gathered([float(total)])  # what ran ahead on a device is done with this
        seconds = time.perf_counter() - began
        progress.epoch, progress.step = progress.epoch + 1, 0
        self._say(
            f"epoch={progress.epoch} train_loss={sum(losses) / self._steps:.6f} "
            f"tokens_per_second={group.added(tokens / seconds):.0f}"
        )
        return True

    def _train_step(self, lanes: tuple[data.Rows, ...]) -> Any:
        """One step; of the loss, a mean over the rows of all processes, this process's share."""
        group, device, progress = self._group, self._device, self._progress
        rows_of_all = data.rows_of_step(self._rows, self._lane_batch, progress.step)
        share = torch.zeros((), device=device.torch_device)
        self._optimizer.zero_grad(set_to_none=True)
        for number, rows in enumerate(lanes):
            # a step's random numbers are its lane's own, whoever has the lane and the attempt
            lane = group.rank * len(lanes) + number
            device.seed(data.seed_of(self._settings.seed, progress.steps, lane))
            last = number == len(lanes) - 1
            with contextlib.nullcontext() if last else group.alone(self._parallel):
                loss = self._loss(rows) / rows_of_all
                (loss * group.size).backward()  # what follows takes the mean over processes
            share += loss.detach()
        group.reduce(self._optimizer)
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), LONGEST_GRADIENT)
        self._optimizer.step()
        self._schedule.step()
        device.step_done()
        return share

    def _loss(self, rows: data.Rows) -> Any:
        """The sum over the rows that are no fillers."""
        device = self._device
        some = rows if device.has_one_shape else rows.trimmed()
        with device.precision():
            found = models.logits(self._parallel, device.put(some.ids))
        labels = device.put(some.labels)
        return nn.cross_entropy(found.float(), labels, reduction="sum", ignore_index=data.IGNORED)

    def _read_lanes(self) -> list[data.Rows]:
        """This process's lanes: its part of the rows that its host has."""
        group, lanes = self._group, self._settings.lanes or self._group.size
        if lanes % group.size:
            raise ValueError(f"--lanes is {lanes}: it must be a multiple of {group.size} devices")
        each = lanes // group.size
        number, processes = self._place("train")
        return [
            data.read("train", width=self._width, part=number * each + lane, parts=processes * each)
            for lane in range(each)
        ]

    def _read_part(self, channel: str) -> data.Rows:
        number, processes = self._place(channel)
        return data.read(channel, width=self._width, part=number, parts=processes)

    def _place(self, channel: str) -> tuple[int, int]:
        """Among how many processes the rows that are here are shared out, and the own number."""
        if data.is_sharded(channel):
            return self._group.local_rank, self._group.local_size
        return self._group.rank, self._group.size

    def _begin_optimizer(self) -> torch.optim.Optimizer:
        # biases and the scales of layer norms have nothing that could grow too large
        weights = [some for some in self._model.parameters() if some.ndim > 1]
        others = [some for some in self._model.parameters() if some.ndim <= 1]
        return torch.optim.AdamW(
            [
                {"params": weights, "weight_decay": self._settings.weight_decay},
                {"params": others, "weight_decay": 0.0},
            ],
            lr=self._settings.learning_rate,
            fused=self._device.kind == "cuda",
        )

    def _evaluate(self, channel: str, rows: data.Rows) -> tuple[float, float]:
        """Accuracy and mean loss over the rows of all processes."""
        found = evaluate.evaluate(self._model, rows, self._device)
        right, loss, count = map(self._group.added, (found.right, found.loss, found.rows))
        if not count:
            raise ValueError(f"channel {channel}: it has no rows")
        return right / count, loss / count

    def _resume(self) -> None:
        found = checkpoint.read()
        steps = self._group.gathered([found["progress"]["steps"] if found else 0])
        if len(set(steps)) > 1:
            raise ValueError(
                f"/opt/ml/checkpoints: the processes have checkpoints of the steps {steps}, and "
                "all must begin with the same one"
            )
        if found is None:
            return
        if found["settings"] != asdict(self._settings) | {"lanes": len(self._rows)}:
            raise ValueError(
                "/opt/ml/checkpoints: the checkpoint is of a training with other settings or "
                "another number of devices; give this job a CheckpointConfig.S3Uri of its own"
            )
        self._model.load_state_dict(found["model"])
        self._optimizer.load_state_dict(found["optimizer"])
        self._schedule.load_state_dict(found["schedule"])
        self._best = found["best"]
        self._progress = Progress(**found["progress"])
        self._say(f"goes on from epoch {self._progress.epoch + 1}, step {self._progress.step}")

    def _keep(self) -> None:
        if self._group.rank == 0:
            checkpoint.write(
                {
                    "settings": asdict(self._settings) | {"lanes": len(self._rows)},
                    "model": self._model.state_dict(),
                    "optimizer": self._optimizer.state_dict(),
                    "schedule": self._schedule.state_dict(),
                    "best": self._best,
                    "progress": asdict(self._progress),
                }
            )

    def _say(self, line: str) -> None:
        if self._group.rank == 0:
            print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
