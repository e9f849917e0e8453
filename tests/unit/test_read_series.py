"""Time series from CSVs: names, order, times, label windows, and what is refused."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from penstock.datasets import DatasetError, first_points, read_series
from pipelines.spec import Field, RecordSchema

SCHEMA = RecordSchema(
    series_field="series",
    time_field="timestamp",
    label_field="label",
    record_kb=1,
    fields=(
        Field(name="series", type="string"),
        Field(name="timestamp", type="timestamp"),
        Field(name="value", type="number"),
        Field(name="label", type="integer", minimum=0, maximum=1, optional=True),
    ),
)
NAB = Path(__file__).parents[3] / "shared" / "data" / "nab"


def never(line: str) -> None:
    raise AssertionError(line)


def read(path: Path) -> list[dict[str, Any]]:
    return read_series(path, SCHEMA, tell=never)


def csv_of(path: Path, *times: str, header: str = "timestamp,value") -> Path:
    """A CSV whose values are 0, 1, 2 ... at these times."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *(f"{time},{n}" for n, time in enumerate(times))]) + "\n")
    return path


def windows_in(path: Path, **windows: list[list[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({f"{name}.csv": pairs for name, pairs in windows.items()}))


def test_a_file_is_a_series_of_its_name_in_time_order_and_utc(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "pump.csv", "2026-01-01 02:00:00", "2026-01-01T02:00:00+01:00")
    assert read(path) == [
        {"series": "pump", "timestamp": "2026-01-01T01:00:00Z", "value": 1},
        {"series": "pump", "timestamp": "2026-01-01T02:00:00Z", "value": 0},
    ]


def test_a_folder_is_read_at_any_depth_and_names_its_series_by_path(tmp_path: Path) -> None:
    csv_of(tmp_path / "north" / "a.csv", "2026-01-01")
    csv_of(tmp_path / "B.CSV", "2026-01-01")
    (tmp_path / "notes.txt").write_text("no series")
    assert [record["series"] for record in read(tmp_path)] == ["B", "north/a"]


def test_columns_for_series_and_label_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    path.write_text(
        "label,value,series,timestamp,note\n"
        "1,2.5,x,2026-01-02,spike\n"
        ",-3,y,2026-01-01T00:00:00.25Z,\n"
    )
    assert read(path) == [
        {"series": "x", "timestamp": "2026-01-02T00:00:00Z", "value": 2.5, "label": 1},
        {"series": "y", "timestamp": "2026-01-01T00:00:00.250000Z", "value": -3},
    ]


def test_points_of_one_series_in_many_files_are_one_series(tmp_path: Path) -> None:
    for day in (2, 1):
        path = tmp_path / f"part-{3 - day}.csv"
        path.write_text(f"series,timestamp,value\nx,2026-01-0{day},{day}\n")
    assert [record["value"] for record in read(tmp_path)] == [1, 2]


def test_series_are_sent_side_by_side_by_the_share_of_each(tmp_path: Path) -> None:
    csv_of(tmp_path / "long.csv", *(f"2026-01-01T0{hour}:00" for hour in range(6)))
    csv_of(tmp_path / "late.csv", *(f"2030-01-01T0{hour}:00" for hour in range(3)))
    csv_of(tmp_path / "also.csv", *(f"2020-01-01T0{hour}:00" for hour in range(3)))
    sent = [(record["series"], record["value"]) for record in read(tmp_path)]
    first_half = [("long", 0), ("also", 0), ("late", 0), ("long", 1), ("long", 2), ("also", 1)]
    assert sent[:6] == first_half
    csv_of(tmp_path / "once.csv", "2026-01-01")
    assert [record["series"] for record in read(tmp_path)].index("once") == 7  # in the middle
    for cut in range(len(sent)):
        count = Counter(name for name, _ in sent[:cut])
        assert abs(count["long"] / 6 - count["late"] / 3) <= 1 / 3


def test_points_in_and_out_of_label_windows_are_labelled(tmp_path: Path) -> None:
    times = [f"2026-01-01 0{hour}:00:00" for hour in range(5)]
    csv_of(tmp_path / "data" / "real" / "a.csv", *times)
    csv_of(tmp_path / "data" / "real" / "b.csv", *times)
    csv_of(tmp_path / "data" / "real" / "c.csv", *times)
    windows_in(
        tmp_path / "labels" / "windows.json",
        **{"real/a": [["2026-01-01 01:00:00", "2026-01-01T02:00:00"]], "real/b": []},
    )
    for path in (tmp_path, tmp_path / "data", tmp_path / "data" / "real"):
        records = read(path)
        named = {
            name: [r.get("label") for r in records if r["series"] == name]
            for name in ("real/a", "real/b")
        }
        assert named == {"real/a": [0, 1, 1, 0, 0], "real/b": [0] * 5}
        assert [r.get("label") for r in records if r["series"].endswith("c")] == [None] * 5
    alone = read(tmp_path / "data" / "real" / "a.csv")
    assert [(r["series"], r["label"]) for r in alone] == [
        ("real/a", label) for label in (0, 1, 1, 0, 0)
    ]


def test_a_column_of_labels_comes_before_windows_and_the_longest_name_is_the_files(
    tmp_path: Path,
) -> None:
    csv_of(tmp_path / "x" / "a.csv", "2026-01-01")
    csv_of(tmp_path / "a.csv", "2026-01-01")
    (tmp_path / "b.csv").write_text("timestamp,value,label\n2026-01-01,5,0\n")
    day = [["2026-01-01", "2026-01-01"]]
    windows_in(tmp_path / "windows.json", **{"a": day, "x/a": [], "b": day})
    labels = {record["series"]: record["label"] for record in read(tmp_path)}
    assert labels == {"a": 1, "x/a": 0, "b": 0}


def test_windows_may_lie_beside_the_files_and_other_json_too(tmp_path: Path) -> None:
    csv_of(tmp_path / "a.csv", "2026-01-01")
    windows_in(tmp_path / "windows.json", a=[["2026-01-01", "2026-01-01"]])
    (tmp_path / "points.json").write_text('{"a.csv": ["2026-01-01"]}')
    (tmp_path / "settings.json").write_text('{"threshold": [3]}')
    assert [record["label"] for record in read(tmp_path)] == [1]


def test_without_a_label_in_the_schema_windows_are_not_looked_for(tmp_path: Path) -> None:
    csv_of(tmp_path / "a.csv", "2026-01-01")
    (tmp_path / "broken.json").write_text("{")
    schema = RecordSchema(
        series_field="series", time_field="timestamp", record_kb=1, fields=SCHEMA.fields[:3]
    )
    assert [sorted(record) for record in read_series(tmp_path, schema, tell=never)] == [
        ["series", "timestamp", "value"]
    ]


def test_windows_of_files_that_are_not_there_are_told(tmp_path: Path) -> None:
    csv_of(tmp_path / "a.csv", "2026-01-01")
    day = [["2026-01-01", "2026-01-01"]]
    windows_in(tmp_path / "windows.json", a=day, b=day, c=day, empty=[])
    told: list[str] = []
    read_series(tmp_path, SCHEMA, tell=told.append)
    assert told == [f"{tmp_path}: no CSV there for the label windows of b.csv and 1 more"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "no column timestamp; a CSV has a header line with timestamp, value and"),
        ("timestamp,value\n", "holds no point"),
        ("timestamp,vlaue\n2026-01-01,1\n", "no column value"),
        ("timestamp,value\n2026-01-01,1\n2026-01-01,high\n", "line 3: column value: 'high' is not"),
        ("timestamp,value\n2026-01-01,nan\n", "line 2: column value: 'nan' is not a number"),
        ("timestamp,value\n2026-01-01,\n", "line 2: column value: '' is not a number.*leave"),
        ("timestamp,value\n01.02.2026,1\n", "line 2: column timestamp: '01.02.2026' is not an ISO"),
        ("timestamp,value\n0001-01-01T00:00+05:00,1\n", "column timestamp: .* is not an ISO"),
        ("timestamp,value\n2026-01-01,1,5\n", "line 2: 3 cells, and the header has 2"),
        ("timestamp,value\n2026-01-01\n", "line 2: 1 cells, and the header has 2"),
        ("series,timestamp,value\n,2026-01-01,1\n", "line 2: column series is empty"),
        ("timestamp,value,label\n2026-01-01,1,yes\n", "column label: 'yes' is not an integer"),
        ("\xff", "UTF-8"),
    ],
)
def test_a_line_that_is_no_point_is_refused_in_one_line(
    tmp_path: Path, content: str, says: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(DatasetError, match=says) as refused:
        read(path)
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)


def test_what_is_no_csv_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("timestamp,value\n")
    for path, says in [
        (tmp_path, "no CSV in this folder"),
        (tmp_path / "a.txt", "not a CSV by its name"),
        (tmp_path / "b.csv", "no such file or folder"),
    ]:
        with pytest.raises(DatasetError, match=says):
            read(path)


@pytest.mark.parametrize(
    ("windows", "says"),
    [
        ('{"b.csv": [["2026-01-01", "2026-01-02"]]}', "windows are for b.csv, and no CSV there"),
        ('{"a.csv": [["2026-01-01", "soon"]]}', "a.csv: .*soon.* is no window"),
        ('{"a.csv": [["2026-01-01"]]}', "is no window"),
        ('{"a.csv": [["2026-01-02", "2026-01-01"]]}', "ends before it begins; swap"),
        ('{"a.csv": [', "cannot be read as JSON"),
    ],
)
def test_label_windows_that_cannot_be_used_are_refused(
    tmp_path: Path, windows: str, says: str
) -> None:
    csv_of(tmp_path / "a.csv", "2026-01-01")
    (tmp_path / "windows.json").write_text(windows)
    with pytest.raises(DatasetError, match=says) as refused:
        read(tmp_path)
    assert "\n" not in str(refused.value)


def test_two_files_of_windows_may_agree_but_not_disagree(tmp_path: Path) -> None:
    csv_of(tmp_path / "a.csv", "2026-01-01")
    windows_in(tmp_path / "labels" / "all.json", a=[["2026-01-01", "2026-01-01"]], b=[])
    windows_in(tmp_path / "labels" / "tiny.json", a=[["2026-01-01", "2026-01-01"]])
    assert read(tmp_path)[0]["label"] == 1
    windows_in(tmp_path / "labels" / "tiny.json", a=[])
    with pytest.raises(DatasetError, match="another file of label windows there has other"):
        read(tmp_path)


@pytest.mark.parametrize(("count", "kept"), [(12, (6, 4, 2)), (9, (3, 3, 2)), (3, (1, 1, 1))])
def test_the_first_points_are_equally_many_of_each_series(
    count: int, kept: tuple[int, ...]
) -> None:
    series = {"a": 6, "b": 4, "c": 2}
    records = [{"series": name, "n": n} for name, points in series.items() for n in range(points)]
    first = first_points(records, series_field="series", count=count)
    numbers = {name: [r["n"] for r in first if r["series"] == name] for name in series}
    assert numbers == {name: list(range(n)) for name, n in zip("abc", kept, strict=True)}
    assert len({r["series"] for r in first[-3:]}) > 1  # side by side again
    assert first_points(records, series_field="series", count=2) == []


@pytest.mark.skipif(not NAB.is_dir(), reason="needs ../shared/data/nab")
def test_the_benchmarks_files_are_labelled_by_its_windows() -> None:
    told: list[str] = []
    records = read_series(NAB, SCHEMA, tell=told.append)
    assert len(records) == 78_060
    assert len({record["series"] for record in records}) == 18
    assert told == [
        f"{NAB}: no CSV there for the label windows of "
        "artificialWithAnomaly/art_daily_flatmiddle.csv and 34 more"
    ]
    cloudwatch = read(NAB / "data" / "realAWSCloudwatch")
    assert len(cloudwatch) == 67_740
    windows = json.loads((NAB / "labels" / "combined_windows.json").read_text())
    name = "realAWSCloudwatch/ec2_cpu_utilization_24ae8d"
    points = [record for record in cloudwatch if record["series"] == name]
    runs = [list(run) for label, run in itertools.groupby(points, lambda r: r["label"]) if label]
    assert [[run[0]["timestamp"], run[-1]["timestamp"]] for run in runs] == [
        [time.replace(" ", "T").replace(".000000", "Z") for time in window]
        for window in windows[f"{name}.csv"]
    ]
    assert all(SCHEMA.problem(record) is None for record in cloudwatch)
