"""What is missing on this machine is said before anything begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.cli.errors import UsageError
from penstock.cli.installed import check_installed
from penstock.localcloud import runtimes
from pipelines import digits
from tests.unit.test_spec_script_training import script


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(runtimes.sys, "prefix", str(tmp_path))
    return tmp_path


def test_a_scripts_pipeline_needs_torch(nothing_installed: Path) -> None:
    pipeline = digits.PIPELINE.model_copy(update={"training": script()})
    with pytest.raises(UsageError) as caught:
        check_installed(pipeline)
    assert str(caught.value) == (
        "digits runs jobs/reviews/train.py: the runtime environment torch is missing: "
        "run make torch"
    )
    python = nothing_installed / "runtimes" / "torch" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    check_installed(pipeline)


def test_an_algorithms_pipeline_needs_nothing(nothing_installed: Path) -> None:
    check_installed(digits.PIPELINE)
