"""`train`: samples the train channel of all hosts, tests the forest, writes the model.

Metric lines: the real image's log format is not published; these are like linear-learner's here.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from penstock.catalog.algorithms import algorithm
from penstock.localcloud.engines.container.account import give_account, say_beforehand
from penstock.localcloud.engines.container.channel import Channel, ChannelRule, channels_of
from penstock.localcloud.engines.container.errors import CustomerError
from penstock.localcloud.engines.container.failure import report_failures
from penstock.localcloud.engines.container.hosts import Hosts
from penstock.localcloud.engines.container.opt_ml import OptMl
from penstock.localcloud.engines.random_cut_forest import NAME, metrics
from penstock.localcloud.engines.random_cut_forest.honesty import not_honoured
from penstock.localcloud.engines.random_cut_forest.hyperparameters import Hyperparameters, parse
from penstock.localcloud.engines.random_cut_forest.model import ForestModel
from penstock.localcloud.engines.random_cut_forest.reservoir import Reservoir

CHUNK_BYTES = 4 << 20  # rows are read in portions of about this size
SAMPLE_SEED = 5  # each host's generator has its number beside it
_DISTRIBUTION = algorithm(NAME).distribution
CHANNELS = {
    # labels of the train channel are read over; that label_size must be said is unconfirmed
    "train": ChannelRule(NAME, (0, 1), None, _DISTRIBUTION["train"]),
    "test": ChannelRule(NAME, (1,), None, _DISTRIBUTION["test"]),
}


def main(opt_ml: OptMl) -> None:
    """Train; whatever goes wrong is in output/failure and the exit code is 1."""
    report_failures(opt_ml)
    Training(opt_ml).run()


class Training:
    """One host's part of a training job."""

    def __init__(self, opt_ml: OptMl) -> None:
        self._opt_ml = opt_ml
        self._hosts = Hosts.of(opt_ml)
        self.hyperparameters: Hyperparameters = parse(opt_ml.config("hyperparameters"))
        self._channels = channels_of(opt_ml, CHANNELS)
        for channel in self._channels.values():
            channel.expect_features(self.hyperparameters.features)
        self._portion = max(1, CHUNK_BYTES // (4 * self.hyperparameters.features))

    def run(self) -> None:
        """Sample this host's shard; the first host makes one forest of all hosts' samples."""
        reservoir = self._sample()
        differences: list[str] = []
        if self._hosts.is_first:
            differences = self._learn(reservoir)
        else:
            self._hosts.send(reservoir.arrays())
            self._pass_over_the_test_channel()
        give_account(self._opt_ml, self._hosts.current, self._channels, differences)

    def _sample(self) -> Reservoir:
        generator = np.random.default_rng([SAMPLE_SEED, self._hosts.number])
        size, features = self.hyperparameters.sample, self.hyperparameters.features
        reservoir = Reservoir(size, features, generator)
        train = self._channels["train"]
        for rows in train.features(self._portion, may_be_empty=len(self._hosts.names) > 1):
            reservoir.add(finite(train, rows))
        return reservoir

    def _learn(self, reservoir: Reservoir) -> list[str]:
        for name in self._hosts.names[1:]:
            reservoir.merge(self._hosts.receive(name))
        sample = reservoir.arrays()["rows"]
        if not len(sample):
            raise CustomerError("channel train: there are no records in it")
        settings = self.hyperparameters
        differences = not_honoured(settings, rows=len(sample), tested="test" in self._channels)
        say_beforehand(NAME, self._hosts.current, settings.given, differences)
        model = ForestModel.grow(sample, settings.trees, settings.samples_per_tree)
        print(
            f"#forest: host={self._hosts.current}, trees={len(model.members)}, "
            f"samples per tree={model.members.shape[1]}, sample={len(sample)}"
        )
        if "test" in self._channels:
            self._test(model)
        self._opt_ml.model.mkdir(parents=True, exist_ok=True)
        model.save(self._opt_ml.model)
        return differences

    def _test(self, model: ForestModel) -> None:
        scores, truth = [], []
        test = self._channels["test"]
        for rows, labels in test.batches(self._portion):
            scores.append(model.scores(finite(test, rows)))
            truth.append(zero_or_one(test, labels))
        found = metrics.results(
            np.concatenate(scores), np.concatenate(truth), self.hyperparameters.eval_metrics
        )
        for name, value in found.items():
            print(f"#test_score ({self._hosts.current}) : ({name!r}, {value})")
        sys.stdout.flush()

    def _pass_over_the_test_channel(self) -> None:
        """Every host has the whole of it, and the first one has tested."""
        if "test" in self._channels:
            for _ in self._channels["test"].batches(self._portion):
                continue


def finite(channel: Channel, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows, if all their values are finite numbers; raises CustomerError."""
    if not np.isfinite(rows).all():
        raise CustomerError(
            f"channel {channel.name}: a value is not a finite number; {NAME} has no missing values"
        )
    return rows


def zero_or_one(channel: Channel, labels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The labels, if each is 1 for an anomaly or 0 for none; raises CustomerError."""
    wrong = (labels != 0) & (labels != 1)
    if wrong.any():
        raise CustomerError(
            f"channel {channel.name}: label {labels[wrong][0]:g} is neither 1, an anomaly, "
            "nor 0, none (SageMaker developer guide, randomcutforest)"
        )
    return labels
