"""A training that is taken away in the midst of an epoch goes on as if nothing had been."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

pytest.importorskip("transformers", reason="transformers is not installed: run make test-torch")

from jobs.reviews.fit import INTERRUPTED
from tests.torch.reviews_job import Host, curve, ended

# SIGTERM is what a container is told; the toolkit keeps it to itself, so that scripts are killed
ROWS = 300
ENDS = {signal.SIGTERM: INTERRUPTED, signal.SIGKILL: -signal.SIGKILL}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, float], bytes]:
    """The curve and the weights of a training that nobody interrupts."""
    host = Host(tmp_path_factory.mktemp("undisturbed"), rows_of_file=ROWS)
    return curve(host.train()), host.weights


@pytest.mark.parametrize("how", ENDS)
def test_the_loss_curve_and_the_weights_are_those_of_an_undisturbed_training(
    how: signal.Signals, undisturbed: tuple[dict[str, float], bytes], tmp_path: Path
) -> None:
    host = Host(tmp_path, rows_of_file=ROWS)
    attempt = host.start(checkpoint_steps=7)
    while not host.checkpoint.exists():
        assert attempt.poll() is None, attempt.communicate()
        time.sleep(0.002)
    attempt.send_signal(how)
    first = ended(attempt, ENDS[how])
    assert "test_accuracy" not in first
    second = host.train(checkpoint_steps=7)

    assert second.startswith("goes on from epoch ")
    assert ", step 0\n" not in second  # in the midst of an epoch
    assert ({**curve(first), **curve(second)}, host.weights) == undisturbed


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.train(epochs=1)
    attempt = host.start(epochs=2)
    _, errors = attempt.communicate(timeout=240)
    assert attempt.returncode != 0
    assert "the checkpoint is of a training with other settings" in errors


def test_what_was_in_the_making_when_the_machine_went_is_left_alone(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.checkpoint.with_name("last.pt.part").write_bytes(b"half of it")
    assert "test_accuracy" in host.train(epochs=1)
