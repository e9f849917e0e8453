"""Partition keys: where they come from, and what is no list of keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.planner.keys import Keys, KeysError


def test_a_file_has_keys_with_or_without_counts(tmp_path: Path) -> None:
    path = tmp_path / "keys.csv"
    path.write_text("a,3\nb\n\nc,d,0\na,1\n")
    assert Keys.read(str(path)).shares == {"a": 0.8, "b": 0.2}  # c,d has no records


@pytest.mark.parametrize(
    ("text", "count", "heaviest"),
    [
        ("uniform:4", 4, 0.25),
        ("hot:5:0.6", 5, 0.6),
        ("zipf:2:1", 2, 2 / 3),
        ("zipf:10:0", 10, 0.1),
    ],
)
def test_distributions_have_their_shares(text: str, count: int, heaviest: float) -> None:
    keys = Keys.read(text)
    assert len(keys.shares) == count
    assert keys.shares[keys.heaviest] == pytest.approx(heaviest)
    assert sum(keys.shares.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    "text",
    [
        "uniform:0",
        "uniform:two",
        "uniform:10000000",
        "uniform:4:1",
        "zipf:4",
        "zipf:4:-1",
        "zipf:4:nan",
        "hot:1:0.5",
        "hot:4:1.5",
        "no-such-file",
    ],
)
def test_what_is_no_distribution_is_refused_with_the_forms_there_are(text: str) -> None:
    with pytest.raises(KeysError, match="zipf:KEYS:EXPONENT"):
        Keys.read(text)


@pytest.mark.parametrize("lines", ["a,x", "a,-1", "a,inf", ",3", "a,0", "k" * 257])
def test_a_broken_file_is_refused(tmp_path: Path, lines: str) -> None:
    path = tmp_path / "keys.csv"
    path.write_text(lines)
    with pytest.raises(KeysError):
        Keys.read(str(path))
