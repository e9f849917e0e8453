"""`train` on small files: epochs, minibatches, and that the scored model is the one it saves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from penstock.localcloud.engines.container.opt_ml import OptMl
from penstock.localcloud.engines.linear_learner.hyperparameters import parse
from penstock.localcloud.engines.linear_learner.metrics import Metrics
from penstock.localcloud.engines.linear_learner.model import LinearModel
from penstock.localcloud.engines.linear_learner.train import Training

CLASSES = 3
BASE = {
    "predictor_type": "multiclass_classifier",
    "num_classes": str(CLASSES),
    "mini_batch_size": "10",
    "epochs": "12",
    "early_stopping_patience": "100",
}


def rows_of(channel: str, count: int) -> np.ndarray:
    """(count, 1 + 4): the label, then four features that say it, but not clearly."""
    generator = np.random.default_rng(sum(channel.encode()))
    labels = generator.integers(0, CLASSES, count)
    centres = np.random.default_rng(1).normal(size=(CLASSES, 4))
    return np.column_stack([labels, centres[labels] + generator.normal(size=(count, 4))])


def train(folder: Path, **changes: str) -> OptMl:
    """A job in File mode on CSV with 240 rows to train and 120 in each other channel."""
    config = folder / "input/config"
    config.mkdir(parents=True, exist_ok=True)
    entry = {"TrainingInputMode": "File", "ContentType": "text/csv"}
    channels = {"train": 240, "validation": 120, "test": 120}
    (config / "inputdataconfig.json").write_text(json.dumps(dict.fromkeys(channels, entry)))
    (config / "hyperparameters.json").write_text(json.dumps({**BASE, **changes}))
    for name, count in channels.items():
        (folder / "input/data" / name).mkdir(parents=True)
        np.savetxt(folder / "input/data" / name / "part", rows_of(name, count), "%.9g", ",")
    opt_ml = OptMl(folder)
    Training(opt_ml).run()
    return opt_ml


def losses(text: str, channel: str) -> list[float]:
    found = re.findall(rf"epoch=(\d+), {channel} objective_loss <score>=(\S+)", text)
    assert [int(epoch) for epoch, _ in found] == list(range(len(found)))
    return [float(value) for _, value in found]


def quality(model: LinearModel, channel: str) -> dict[str, float]:
    metrics = Metrics(parse(BASE))
    table = rows_of(channel, 120)
    metrics.add(model, table[:, 1:], table[:, 0])
    return metrics.results()


def scores(text: str, channel: str) -> dict[str, float]:
    found = re.findall(rf"#{channel}_score \(algo-1\) : \('(\w+)', (\S+)\)", text)
    return {name: float(value) for name, value in found}


def test_the_final_scores_are_those_of_the_saved_model_which_is_the_best_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opt_ml = train(tmp_path, learning_rate="0.5")
    text = capsys.readouterr().out
    by_epoch = losses(text, "validation")
    assert len(by_epoch) == 12
    assert by_epoch.index(min(by_epoch)) != 11, "the last epoch must not be the best here"

    saved = LinearModel.load(opt_ml.model)

    assert quality(saved, "validation")["objective_loss"] == pytest.approx(min(by_epoch), rel=1e-4)
    assert scores(text, "validation") == pytest.approx(quality(saved, "validation"), rel=1e-4)
    assert scores(text, "test") == pytest.approx(quality(saved, "test"), rel=1e-4)
    assert scores(text, "test") != pytest.approx(scores(text, "validation"), rel=1e-4)


def test_epochs_are_all_run_unless_the_loss_stands_still(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(tmp_path / "all", epochs="7")
    assert len(losses(capsys.readouterr().out, "train")) == 7
    train(tmp_path / "early", epochs="60", early_stopping_patience="2", learning_rate="0.1")
    text = capsys.readouterr().out
    assert 2 < len(losses(text, "train")) < 60
    assert "early stopping after epoch" in text


def test_more_and_smaller_minibatches_learn_more_in_one_epoch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    after = {}
    for size in ("4", "40", "240"):
        train(tmp_path / size, epochs="1", mini_batch_size=size, learning_rate="0.01")
        (after[size],) = losses(capsys.readouterr().out, "validation")
    assert after["4"] < after["40"] < after["240"]


def test_the_account_has_each_channels_records_of_one_epoch(tmp_path: Path) -> None:
    train(tmp_path, epochs="3")
    account = json.loads((tmp_path / "output/engine.json").read_text())
    assert account["records"] == {"train": 240, "validation": 120, "test": 120}
