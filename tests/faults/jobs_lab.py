"""What tests of jobs' faults share: a bare cloud that some faults were chosen for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from penstock.localcloud.faults.faults import Faults
from tests.offline.bare_cloud import BareCloud, patched, running_server
from tests.offline.sagemaker_lab import SageMakerLab


class Later(Faults):
    """Faults that wait until they are let loose."""

    are_loose = False

    def value(self, name: str) -> float | None:
        return super().value(name) if self.are_loose else None


@contextmanager
def cloud_with(folder: Path, *wishes: str) -> Iterator[BareCloud]:
    """A server of the test's own, where what `wishes` name goes wrong, once it is `let_loose`."""
    with running_server(folder) as context:
        context = replace(context, faults=Later.chosen(wishes))
        with patched(context) as cloud:
            yield cloud


@contextmanager
def sagemaker_with(folder: Path, *wishes: str) -> Iterator[SageMakerLab]:
    """SageMaker's workers on such a cloud, with digits in S3."""
    with cloud_with(folder, *wishes) as cloud:
        lab = SageMakerLab(cloud)
        try:
            lab.put_digits()
            let_loose(cloud)
            yield lab
        finally:
            lab.close()


def let_loose(cloud: BareCloud, loose: bool = True) -> None:
    """From now on faults are due, or not."""
    assert isinstance(cloud.context.faults, Later)
    cloud.context.faults.are_loose = loose


def told(cloud: BareCloud, name: str) -> dict[str, Any]:
    """The entry of a fault in the run's account."""
    (entry,) = (e for e in cloud.context.faults.entries() if e["name"] == name)
    return entry
