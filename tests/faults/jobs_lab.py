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


@contextmanager
def cloud_with(folder: Path, *wishes: str) -> Iterator[BareCloud]:
    """A server of the test's own, where what `wishes` name goes wrong."""
    with running_server(folder) as context:
        context = replace(context, faults=Faults.chosen(wishes))
        with patched(context) as cloud:
            yield cloud


@contextmanager
def sagemaker_with(folder: Path, *wishes: str) -> Iterator[SageMakerLab]:
    """SageMaker's workers on such a cloud, with digits in S3."""
    with cloud_with(folder, *wishes) as cloud:
        lab = SageMakerLab(cloud)
        try:
            lab.put_digits()
            yield lab
        finally:
            lab.close()


def told(cloud: BareCloud, name: str) -> dict[str, Any]:
    """The entry of a fault in the run's account."""
    (entry,) = (e for e in cloud.context.faults.entries() if e["name"] == name)
    return entry


def processes_below(folder: Path) -> list[int]:
    """Ids of processes that were given something in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in environment:
            found.append(int(process.name))
    return found
