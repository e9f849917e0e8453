"""Clouds for offline tests: a bare one per test, and one for stacks that a module shares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.localcloud.context import CloudContext
from tests.offline.bare_cloud import BareCloud, patched, running_server
from tests.offline.cloudformation_lab import CloudFormationLab, empty_lab


@pytest.fixture
def bare_cloud(tmp_path: Path) -> Iterator[BareCloud]:
    """A server of the test's own, with nothing in it."""
    with running_server(tmp_path) as context, patched(context) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudContext]:
    """One server for all tests of a module."""
    with running_server(tmp_path_factory.mktemp("cloud")) as context:
        yield context


@pytest.fixture
def stacks_lab(shared_server: CloudContext) -> Iterator[CloudFormationLab]:
    """CloudFormation on the module's server, with nothing left of the tests before."""
    with empty_lab(shared_server) as lab:
        yield lab
