"""Reads time series from a CSV or a folder of them, as records for a pipeline."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from penstock.datasets.errors import DatasetError
from penstock.datasets.order import side_by_side
from penstock.datasets.schema import SeriesSchema
from penstock.datasets.telling import on_stderr
from penstock.datasets.times import utc, written
from penstock.datasets.windows import LabelWindows, Window, find_windows

_CSV = ".csv"

Point = tuple[datetime, dict[str, Any]]


def read_series(
    path: Path, schema: SeriesSchema, *, tell: Callable[[str], None] = on_stderr
) -> list[dict[str, Any]]:
    """The points of all series, side by side (penstock.datasets.order), in time order each.

    Args:
        path: a CSV, or a folder whose CSVs are read at any depth. Columns are named like the
            schema's fields. Without a column for it, the series' name is the file's path below
            the folder without .csv (of a single file, its name); without a column for the label,
            points have one if label windows name the file (penstock.datasets.windows): 1 inside
            a window, else 0. The series is called by the windows' name of the file then.
        schema: of the records.
        tell: told of label windows in the folder whose CSV is not there.

    Raises:
        DatasetError: there is nothing to read, or a line is not a point of a series.
    """
    files = _files(path)
    windows = LabelWindows({})
    if schema.label_field is not None:
        windows = find_windows(path if path.is_dir() else path.parent)
    named: dict[Path, str | None] = {file: windows.name_of(file) for file in files}
    _tell_of_missing(path, windows, named, tell)
    series: dict[str, list[Point]] = defaultdict(list)
    for file, name in named.items():
        own = file.relative_to(path) if path.is_dir() else Path(file.name)
        given = None if name is None else windows.by_file[name]
        called = (name or own.as_posix())[: -len(_CSV)]
        for time, record in _points(file, schema, called, given):
            series[record[str(schema.series_field)]].append((time, record))
    for points in series.values():
        points.sort(key=lambda point: point[0])
    return side_by_side({name: [point for _, point in points] for name, points in series.items()})


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise DatasetError(f"{path}: no such file or folder; give a CSV or a folder of them")
    if not path.is_dir():
        if path.suffix.lower() != _CSV:
            raise DatasetError(f"{path}: not a CSV by its name; a series is read from .csv files")
        return [path]
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() == _CSV)
    if not files:
        raise DatasetError(f"{path}: no CSV in this folder; give a CSV or a folder of them")
    return files


def _tell_of_missing(
    path: Path,
    windows: LabelWindows,
    named: Mapping[Path, str | None],
    tell: Callable[[str], None],
) -> None:
    """Of label windows in the folder whose file is not there; refused if they name none of it."""
    missing = sorted(
        name for name, given in windows.by_file.items() if given and name not in named.values()
    )
    if not missing or not windows.in_folder or not path.is_dir():
        return
    some = f"{missing[0]} and {len(missing) - 1} more" if len(missing) > 1 else missing[0]
    if not any(named.values()):
        raise DatasetError(
            f"{path}: its label windows are for {some}, and no CSV there has such a path; "
            "name the files as the windows do, or move the windows away"
        )
    tell(f"{path}: no CSV there for the label windows of {some}")


def _points(
    file: Path, schema: SeriesSchema, series: str, windows: tuple[Window, ...] | None
) -> Iterator[Point]:
    """The points of one file, in its order."""
    series_field, time_field = str(schema.series_field), str(schema.time_field)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{file}: cannot be read as UTF-8 text: {error}") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    header = reader.fieldnames or []
    for column in (time_field, *schema.feature_columns):
        if column not in header:
            raise DatasetError(f"{file}: no column {column}; {_header(schema)}")
    by_windows = windows is not None and schema.label_field not in header
    empty = True
    for row in reader:
        empty = False
        where = f"{file}, line {reader.line_num}"
        if None in row or None in row.values():
            raise DatasetError(f"{where}: {_cells(row)} cells, and the header has {len(header)}")
        try:
            time = utc(row[time_field])
        except ValueError:
            raise DatasetError(
                f"{where}: column {time_field}: {row[time_field]!r} is not an ISO 8601 time; "
                "write it like 2014-02-14 14:30:00 (UTC) or with its zone"
            ) from None
        row = {series_field: series, **row, time_field: written(time)}
        if not row[series_field]:
            raise DatasetError(
                f"{where}: column {series_field} is empty; name the series, or leave the column "
                "out and the file's name is taken"
            )
        if by_windows:
            row[str(schema.label_field)] = str(int(_inside(time, windows or ())))
        try:
            record = schema.record_from_row(row)
        except ValueError as error:
            raise DatasetError(f"{where}: {error}; leave the line out if there is none") from None
        yield time, {field: value for field, value in record.items() if value is not None}
    if empty:
        raise DatasetError(f"{file}: holds no point; {_header(schema)}, and a line for each point")


def _inside(time: datetime, windows: tuple[Window, ...]) -> bool:
    return any(start <= time <= end for start, end in windows)


def _cells(row: Mapping[str | None, Any]) -> int:
    return sum(value is not None for name, value in row.items() if name) + len(row.get(None, []))


def _header(schema: SeriesSchema) -> str:
    needed = ", ".join((str(schema.time_field), *schema.feature_columns))
    more = [name for name in (schema.series_field, schema.label_field) if name]
    return f"a CSV has a header line with {needed} and, if you like, {' and '.join(more)}"
