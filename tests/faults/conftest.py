"""The pipeline's own templates, synthesized once for all faults."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app import CONFIGURATION, build_app
from tests.faults.ingestion import Ingestion, ingesting


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assembly of digits in dev."""
    out = tmp_path_factory.mktemp("assembly")
    context = json.loads(CONFIGURATION.read_text())["context"]
    build_app({**context, "pipeline": "digits"}, out=out, validate=False).synth()
    return out / "assembly-digits-dev"


@pytest.fixture
def given(assembly: Path, tmp_path: Path) -> Iterator[Callable[..., Ingestion]]:
    """Gives the ingestion of digits in a cloud with the faults that it is called with."""
    with ExitStack() as opened:
        yield lambda *faults: opened.enter_context(ingesting(assembly, tmp_path, faults))
