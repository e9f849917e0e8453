"""The series that need no network: real temperatures, spoiled where the list of spikes says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from penstock.datasets import (
    DatasetError,
    cache,
    choice,
    download,
    series_or_temperatures,
    temperatures,
)
from penstock.datasets.temperatures import SPIKES
from tests.unit.test_read_series import NAB, SCHEMA

ROOT = Path(__file__).parents[2]
PORT_9 = "http://127.0.0.1:9"  # nothing listens there


def of(city: str) -> list[dict[str, object]]:
    return [record for record in temperatures(SCHEMA) if record["series"] == city]


def test_two_cities_have_an_hourly_year_each_and_are_sent_side_by_side() -> None:
    records = temperatures(SCHEMA)
    assert all(SCHEMA.problem(record) is None for record in records)
    assert [record["series"] for record in records[:4]] == ["seattle", "sf", "seattle", "sf"]
    for city, first in (("seattle", 39.4), ("sf", 47.8)):
        points = of(city)
        assert points[0] == {
            "series": city,
            "timestamp": "2010-01-01T00:00:00Z",
            "value": first,
            "label": 0,
        }
        times = [str(point["timestamp"]) for point in points]
        assert (len(times), times[-1]) == (8759, "2010-12-31T23:00:00Z")
        assert times == sorted(set(times))
    assert temperatures(SCHEMA) == records


def test_spikes_are_far_from_what_an_hour_changes_and_nothing_else_is() -> None:
    for city, spikes in SPIKES.items():
        values = [float(str(point["value"])) for point in of(city)]
        jumps = {n for n in range(1, len(values)) if abs(values[n] - values[n - 1]) > 3.51}
        edges = {spike.place for spike in spikes} | {s.place + s.points for s in spikes}
        assert jumps == edges
        assert 10 < min(values) < max(values) < 110
        for spike in spikes:
            if spike.shift is None:
                assert set(values[spike.place : spike.place + spike.points]) == {32.0}


def test_both_parts_of_each_series_have_spikes_up_down_and_stuck() -> None:
    for spikes in SPIKES.values():
        places = [spike.place / 8759 for spike in spikes]
        assert sum(place < 0.6 for place in places) >= 3
        assert sum(place > 0.6 for place in places) >= 3
        kinds = {None if s.shift is None else s.shift > 0 for s in spikes}
        assert kinds == {None, True, False}


def test_labels_are_1_in_and_around_the_spikes() -> None:
    labels = [point["label"] for point in of("sf")]
    assert labels[497:514] == [0, *[1] * 13, 0, 0, 0]  # 3 points from 500 on, 2 before, 8 behind
    assert labels.count(1) == sum(spike.points + 10 for spike in SPIKES["sf"])


def test_the_package_is_not_imported() -> None:
    code = (
        "import sys; from tests.unit.test_read_series import SCHEMA;"
        "from penstock.datasets import temperatures; temperatures(SCHEMA);"
        "assert not {'vega_datasets', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(DatasetError, match=r"requirements/sample-series\.txt"):
        temperatures(SCHEMA)


def test_where_a_data_set_is_not_to_be_had_the_temperatures_are_sent_and_it_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", PORT_9)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    source, records = series_or_temperatures("nab", "data/realAWSCloudwatch", SCHEMA)
    assert source == (
        "temperatures of Seattle and San Francisco (vega_datasets) with 16 spikes put in: "
        f"the Numenta Anomaly Benchmark is not in {tmp_path}/penstock/nab and cannot be "
        "downloaded: raw.githubusercontent.com: Connection refused"
    )
    assert records == temperatures(SCHEMA)


def test_a_data_set_that_is_there_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data" / "real"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("timestamp,value\n2026-01-01,1\n")
    monkeypatch.setattr(choice, "download", lambda name: tmp_path)
    source, records = series_or_temperatures("nab", "data/real", SCHEMA)
    assert source == "the Numenta Anomaly Benchmark: 1 series of data/real"
    assert [record["series"] for record in records] == ["a"]


@pytest.mark.skipif(not NAB.is_dir(), reason="needs ../shared/data/nab")
def test_the_benchmark_in_the_cache_is_sent_without_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cache, "_fetch", None)  # nothing is lacking
    (tmp_path / "penstock").mkdir()
    (tmp_path / "penstock" / "nab").symlink_to(NAB)
    assert download("nab") == tmp_path / "penstock" / "nab"
    source, records = series_or_temperatures("nab", "data/realAWSCloudwatch", SCHEMA)
    assert source == "the Numenta Anomaly Benchmark: 17 series of data/realAWSCloudwatch"
    assert len(records) == 67_740
    assert {record["label"] for record in records} == {0, 1}
