"""`train`: reads the channels, learns, reports quality, writes the model.

Metric lines: the real image's log format is not published; these follow the documented lines of
its sibling algorithms (SageMaker developer guide, kNN sample output).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from penstock.localcloud.engines.container.account import give_account, say_beforehand
from penstock.localcloud.engines.container.channel import ChannelRule, channels_of
from penstock.localcloud.engines.container.errors import CustomerError
from penstock.localcloud.engines.container.failure import report_failures
from penstock.localcloud.engines.container.hosts import Hosts
from penstock.localcloud.engines.container.opt_ml import OptMl
from penstock.localcloud.engines.linear_learner.honesty import not_honoured
from penstock.localcloud.engines.linear_learner.hyperparameters import Hyperparameters, parse
from penstock.localcloud.engines.linear_learner.learner import Learner
from penstock.localcloud.engines.linear_learner.metrics import Metrics
from penstock.localcloud.engines.linear_learner.model import LinearModel
from penstock.localcloud.engines.linear_learner.progress import Progress
from penstock.localcloud.engines.linear_learner.scaler import Scaler

CHUNK_BYTES = 4 << 20  # rows are read in portions of about this size
CHANNELS = dict.fromkeys(("train", "validation", "test"), ChannelRule("linear-learner"))


def main(opt_ml: OptMl) -> None:
    """Train; whatever goes wrong is in output/failure and the exit code is 1."""
    report_failures(opt_ml)
    Training(opt_ml).run()


class Training:
    """One host's part of a training job."""

    def __init__(self, opt_ml: OptMl) -> None:
        self._opt_ml = opt_ml
        self._hosts = Hosts.of(opt_ml)
        self._host = self._hosts.current
        self.hyperparameters: Hyperparameters = parse(opt_ml.config("hyperparameters"))
        self._channels = channels_of(opt_ml, CHANNELS)
        if not self.hyperparameters.is_auto("feature_dim"):
            self._expect(self.hyperparameters.whole("feature_dim"))

    def run(self) -> None:
        """Learn on algo-1; on every other host read the host's own channels once."""
        differences = not_honoured(self.hyperparameters, len(self._hosts.names))
        values = self.hyperparameters.values
        given = {name: values[name] for name in self.hyperparameters.given}
        say_beforehand("linear-learner", self._host, given, differences)
        if self._hosts.is_first:
            self._learn()
        else:
            for channel in self._channels.values():
                for _ in channel.batches(4096, may_be_empty=True):
                    continue
        give_account(self._opt_ml, self._host, self._channels, differences)

    def _learn(self) -> None:
        learner = Learner(self.hyperparameters)
        progress = self._progress(learner)
        patience = self.hyperparameters.whole("early_stopping_patience")
        while progress.epochs < self.hyperparameters.whole("epochs") and progress.stale < patience:
            self._epoch(learner, progress)
            progress.records = {c.name: c.records for c in self._channels.values()}
            if self._opt_ml.checkpoints is not None:
                progress.save(self._opt_ml.checkpoints, learner)
            if progress.stale >= patience:
                print(
                    f"early stopping after epoch {progress.epochs - 1}: "
                    "the loss has not improved enough"
                )
        assert progress.best is not None
        if "validation" in self._channels:
            self._print_scores("validation", progress.quality)
        if "test" in self._channels:
            self._print_scores("test", self._evaluate("test", progress.best).results())
        self._opt_ml.model.mkdir(parents=True, exist_ok=True)
        progress.best.save(self._opt_ml.model)

    def _progress(self, learner: Learner) -> Progress:
        folder = self._opt_ml.checkpoints
        if folder is None:
            return Progress()
        progress = Progress.resume(folder, learner, self.hyperparameters.predictor_type)
        for name in progress.records.keys() & self._channels.keys():
            self._channels[name].records = progress.records[name]
        if progress.epochs:
            print(f"resumed from the checkpoint after epoch {progress.epochs - 1}", flush=True)
        return progress

    def _epoch(self, learner: Learner, progress: Progress) -> None:
        quality = Metrics(self.hyperparameters)
        for rows, labels in self._training_rows(first=progress.scaler is None):
            if progress.scaler is None:
                progress.scaler = Scaler.learn(self.hyperparameters, rows, labels)
            learner.learn(progress.scaler.rows(rows), progress.scaler.labels(labels))
            quality.add(learner.model(progress.scaler), rows, labels)
        if progress.scaler is None:
            raise CustomerError("channel train: there are no records in it")
        model = learner.model(progress.scaler)
        if not np.isfinite(model.weights).all():
            raise CustomerError(
                "the training diverged: a weight is no longer a finite number; "
                "use a smaller learning_rate, or normalize_data"
            )
        self._print_quality(progress.epochs, "train", quality)
        if "validation" in self._channels:
            quality = self._evaluate("validation", model)
            self._print_quality(progress.epochs, "validation", quality)
        # SageMaker developer guide, ll_hyperparameters: relative improvement of the loss
        tolerance = self.hyperparameters.number("early_stopping_tolerance", 0.001)
        enough = tolerance * abs(progress.best_loss)
        improved = progress.best is None or progress.best_loss - quality.loss > enough
        progress.stale = 0 if improved else progress.stale + 1
        if progress.best is None or quality.loss < progress.best_loss:
            progress.best, progress.best_loss = model, quality.loss
            progress.quality = quality.results()
        progress.epochs += 1

    def _training_rows(
        self, *, first: bool
    ) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float64]]]:
        """Portions of the train channel; the very first holds num_point_for_scaler points."""
        waiting: list[tuple[NDArray[np.float32], NDArray[np.float64]]] = []
        wanted = self.hyperparameters.whole("num_point_for_scaler") if first else 0
        held = 0
        for rows, labels in self._batches("train"):
            if not wanted:
                yield rows, labels
                continue
            waiting.append((rows, labels))
            held += len(labels)
            if held >= wanted:
                yield _joined(waiting)
                waiting, wanted = [], 0
        if waiting:
            yield _joined(waiting)

    def _batches(self, name: str) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float64]]]:
        channel = self._channels[name]
        batch = self.hyperparameters.whole("mini_batch_size")
        features = (
            1000
            if self.hyperparameters.is_auto("feature_dim")
            else self.hyperparameters.whole("feature_dim")
        )
        portions = max(1, CHUNK_BYTES // (4 * features * batch))
        for rows, labels in channel.batches(batch * portions):
            self._expect(rows.shape[1])
            self._check_labels(name, labels)
            yield rows, labels

    def _expect(self, features: int) -> None:
        for channel in self._channels.values():
            channel.expect_features(features)

    def _check_labels(self, name: str, labels: NDArray[np.float64]) -> None:
        classes = self.hyperparameters.classes
        if not classes:
            wrong = ~np.isfinite(labels)
            rule = "a number"
        else:
            wrong = (labels != np.floor(labels)) | (labels < 0) | (labels >= classes)
            rule = f"an integer from 0 to {classes - 1}"
        if wrong.any():
            raise CustomerError(
                f"channel {name}: label {labels[wrong][0]:g} is not {rule}, as predictor_type "
                f"{self.hyperparameters.predictor_type} needs it"
            )

    def _evaluate(self, name: str, model: LinearModel) -> Metrics:
        quality = Metrics(self.hyperparameters)
        for rows, labels in self._batches(name):
            quality.add(model, rows, labels)
        return quality

    def _print_quality(self, epoch: int, channel: str, quality: Metrics) -> None:
        for name, value in quality.results().items():
            print(
                f"#quality_metric: host={self._host}, epoch={epoch}, "
                f"{channel} {name} <score>={value}"
            )
        sys.stdout.flush()

    def _print_scores(self, channel: str, results: Mapping[str, float]) -> None:
        for name, value in results.items():
            print(f"#{channel}_score ({self._host}) : ({name!r}, {value})")
        sys.stdout.flush()


def _joined(
    parts: list[tuple[NDArray[np.float32], NDArray[np.float64]]],
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    return (
        np.concatenate([rows for rows, _ in parts]),
        np.concatenate([labels for _, labels in parts]),
    )
