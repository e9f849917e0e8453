"""The foreign app's assembly, synthesized once, and what its unchanged stack does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.foreign.assembly import Edit, changed, synthesize
from tests.foreign.observation import Observation, observe_everything
from tests.foreign.plant import Plant, deployed


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesize(tmp_path_factory.mktemp("foreign") / "cdk.out")


@pytest.fixture(scope="session")
def base(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Observation:
    """The unchanged stack's whole way, once; its cloud is closed before a test begins."""
    with deployed(assembly, tmp_path_factory.mktemp("base")) as plant:
        return observe_everything(plant)


@pytest.fixture
def with_change(assembly: Path, tmp_path: Path) -> Iterator[Callable[[Edit], Plant]]:
    """Deploys the stack with one property changed into a cloud of the test's own."""
    with ExitStack() as stack:

        def deploy(edit: Edit) -> Plant:
            edited = changed(assembly, tmp_path / "cdk.out", edit)
            return stack.enter_context(deployed(edited, tmp_path / "cloud"))

        yield deploy
