"""A bare local cloud for jobs whose scripts run under PyTorch; all of it needs `make torch`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.localcloud.errors import LocalCloudError
from penstock.localcloud.runtimes import torch_python
from tests.iam.runs import TORCH_RUNS
from tests.offline.bare_cloud import BareCloud, patched, running_server
from tests.offline.sagemaker_lab import SageMakerLab
from tests.runs.conftest import ROOT, Done, penstock_in, project

ARCHIVE = ROOT.parent / "shared" / "data" / "text" / "review_polarity.tar.gz"


@pytest.fixture(scope="session", autouse=True)
def torch() -> Path:
    """The interpreter that runs scripts here."""
    try:
        return torch_python()
    except LocalCloudError:
        pytest.skip("PyTorch is not installed: run make test-torch")


@pytest.fixture
def bare_cloud(tmp_path: Path) -> Iterator[BareCloud]:
    """A server of the test's own, with nothing in it."""
    with running_server(tmp_path) as context, patched(context) as cloud:
        yield cloud


@pytest.fixture
def lab(bare_cloud: BareCloud) -> Iterator[SageMakerLab]:
    """SageMaker's workers in it."""
    laboratory = SageMakerLab(bare_cloud)
    yield laboratory
    laboratory.close()


@pytest.fixture(scope="session")
def reviews_runs(torch: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """`penstock run reviews` on each accelerator, the policies kept."""
    if not ARCHIVE.is_file():
        pytest.skip("the reviews are not beside the project: shared/data/text")
    done = {}
    for name, told in TORCH_RUNS.items():
        folder = project(tmp_path_factory.mktemp("project"))
        (folder / "tests").symlink_to(ROOT / "tests")
        recorded = penstock_in(folder, sys.executable, "-m", "tests.iam.recorded_run")
        done[name] = recorded("run", *told, "--data", str(ARCHIVE))
    return done
