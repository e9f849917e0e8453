"""A training that goes on from its checkpoint ends like one that never stopped, bit by bit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from penstock.localcloud.engines.container.errors import CustomerError
from penstock.localcloud.engines.container.opt_ml import OptMl
from penstock.localcloud.engines.linear_learner.model import LinearModel
from tests.unit.test_linear_learner_training import train


def checkpointed(folder: Path, before: Path | None = None, **changes: str) -> OptMl:
    """A job with checkpoints, those of the job in `before` restored."""
    (folder / "input/config").mkdir(parents=True)
    kept = folder / "checkpoints"
    if before is None:
        kept.mkdir()
    else:
        shutil.copytree(before / "checkpoints", kept)
    (folder / "input/config/checkpointconfig.json").write_text(
        json.dumps({"LocalPath": "/opt/ml/checkpoints"})
    )
    return train(folder, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": "sgd", "learning_rate": "0.05"},
        {"l1": "0.001", "use_bias": "false"},
        {"predictor_type": "regressor"},
    ],
    ids=["adam", "sgd", "l1", "regressor"],
)
def test_a_resumed_training_ends_like_one_that_never_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, str]
) -> None:
    whole = train(tmp_path / "whole", **changes)
    uninterrupted = capsys.readouterr().out
    checkpointed(tmp_path / "first", epochs="5", **changes)
    capsys.readouterr()
    second = checkpointed(tmp_path / "second", before=tmp_path / "first", **changes)
    resumed = capsys.readouterr().out

    assert "resumed from the checkpoint after epoch 4" in resumed
    assert "epoch=4," not in resumed
    assert [x for x in uninterrupted.splitlines() if "epoch=5," in x or "_score (" in x] == [
        x for x in resumed.splitlines() if "epoch=5," in x or "_score (" in x
    ]
    expected, found = LinearModel.load(whole.model), LinearModel.load(second.model)
    assert np.array_equal(expected.weights, found.weights)
    assert np.array_equal(expected.bias, found.bias)


def test_a_training_that_had_ended_is_not_trained_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = checkpointed(tmp_path / "first")
    capsys.readouterr()
    second = checkpointed(tmp_path / "second", before=tmp_path / "first")
    out = capsys.readouterr().out
    assert "#quality_metric" not in out
    assert "#channel: host=algo-1, train records=240" in out
    assert np.array_equal(
        LinearModel.load(first.model).weights, LinearModel.load(second.model).weights
    )


def test_a_checkpoint_of_another_kind_of_training_is_refused(tmp_path: Path) -> None:
    checkpointed(tmp_path / "first", epochs="1")
    with pytest.raises(CustomerError, match=r"trained with adam.*CheckpointConfig\.S3Uri"):
        checkpointed(tmp_path / "second", before=tmp_path / "first", optimizer="sgd")


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    checkpointed(tmp_path / "first", epochs="1")
    path = tmp_path / "first/checkpoints/linear-learner.npz"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CustomerError, match="cannot be read"):
        checkpointed(tmp_path / "second", before=tmp_path / "first")
