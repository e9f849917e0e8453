"""What fuzzing came upon (make fuzz): few small files that reach nearly all of the codec."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.oracle import check
from tests.fuzz.seeds import seeds
from tests.unit.recordio_cores import compiled

CORPUS = sorted(Path(__file__).parents[1].joinpath("fuzz", "corpus").iterdir())


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name[:8])
def test_all_ways_of_reading_agree(file: Path) -> None:
    check(file.read_bytes(), compiled())


def test_all_ways_of_reading_agree_on_whole_files() -> None:
    for seed in seeds():
        check(seed, compiled())
