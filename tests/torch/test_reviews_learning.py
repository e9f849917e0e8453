"""What a training finds: words that tell, nothing where labels say nothing, the best epoch."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

pytest.importorskip("transformers", reason="transformers is not installed: run make test-torch")

from tests.torch.reviews_job import Host, curve


def test_words_that_tell_are_learned(tmp_path: Path) -> None:
    host = Host(tmp_path, rows_of_file=150)
    found = curve(host.train(epochs=6))
    assert found["end test_accuracy"] > 0.95
    written = json.loads((tmp_path / "model" / "training.json").read_text())
    assert written["test_accuracy"] == pytest.approx(found["end test_accuracy"], abs=1e-6)
    assert written["settings"]["hidden_size"] == 16


def test_shuffled_labels_teach_nothing(tmp_path: Path) -> None:
    found = curve(Host(tmp_path, rows_of_file=150, shuffled=True).train(epochs=6))
    # of 200 rows that are guessed 117 or more are right in 1 of 100 cases
    assert 0.41 < found["end test_accuracy"] < 0.585


def test_training_ends_when_it_gets_no_better_and_keeps_the_best(tmp_path: Path) -> None:
    host = Host(tmp_path, rows_of_file=40)
    printed = host.train(epochs=40, patience=2, learning_rate=0.02)
    found = curve(printed)
    accuracies = [
        found[f"epoch={epoch} validation_accuracy"]
        for epoch in range(1, 41)
        if f"epoch={epoch} validation_accuracy" in found
    ]
    losses = [found[f"epoch={epoch} validation_loss"] for epoch in range(1, len(accuracies) + 1)]
    scores = list(zip(accuracies, [-loss for loss in losses], strict=True))
    best = max(scores)
    assert len(scores) == scores.index(best) + 1 + 2 < 40
    written = json.loads((tmp_path / "model" / "training.json").read_text())
    assert written["validation_accuracy"] == pytest.approx(best[0], abs=1e-6)
    assert written["epochs"] == len(scores)


def test_lines_are_as_the_metrics_expect_them(tmp_path: Path) -> None:
    printed = Host(tmp_path).train(epochs=1)
    for pattern in (
        r"^epoch=1 train_loss=([0-9.]+) tokens_per_second=\d+$",
        r"^epoch=1 validation_accuracy=([0-9.]+) validation_loss=[0-9.]+$",
        r"^test_accuracy=([0-9.]+) test_loss=[0-9.]+$",
    ):
        assert len(re.findall(pattern, printed, re.M)) == 1, printed


def test_pretrained_weights_are_where_training_begins(tmp_path: Path) -> None:
    first = Host(tmp_path / "first")
    before = curve(first.train(epochs=6))
    second = Host(tmp_path / "second")
    shutil.copytree(first.root / "model", second.root / "input" / "data" / "pretrained")
    # the size in the settings is that of a model that begins at random
    printed = second.train(epochs=9, pretrained_epochs=1, hidden_size=32)
    assert curve(printed)["epoch=1 train_loss"] < before["epoch=1 train_loss"] / 2
    written = json.loads((second.root / "model" / "training.json").read_text())
    assert (written["pretrained"], written["epochs"]) == (True, 1)
    assert written["settings"]["learning_rate"] == written["settings"]["pretrained_learning_rate"]
    assert json.loads((second.root / "model" / "config.json").read_text())["dim"] == 16


def test_pretrained_weights_of_another_vocabulary_are_refused(tmp_path: Path) -> None:
    host = Host(tmp_path)
    folder = tmp_path / "input" / "data" / "pretrained"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "distilbert", "vocab_size": 59}))
    _, errors = (process := host.start()).communicate(timeout=240)
    assert process.returncode != 0
    assert "vocab_size is 59, and the prepared rows need 60" in errors


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"epochs": 0}, "train.py: error: --epochs is 0: use 1 or more"),
        ({"epoch": 3}, "unrecognized arguments: --epoch=3"),
        ({"heads": 3}, "--hidden_size is 16: it must be a multiple of --heads, 3"),
    ],
)
def test_wrong_settings_are_told_in_a_line(
    given: dict[str, int], message: str, tmp_path: Path
) -> None:
    process = Host(tmp_path).start(**given)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert message in errors
    assert "Traceback" not in errors
