"""Label windows, as the Numenta Anomaly Benchmark has them: a JSON beside the series' files.

{"<path>.csv": [["<from>", "<to>"], ...], ...}: both ends belong to the anomaly. Other JSON files
may lie beside it and are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from penstock.datasets.errors import DatasetError
from penstock.datasets.times import utc

Window = tuple[datetime, datetime]
PARENTS = 2  # <set>/data/<kind>/<file>.csv has its windows in <set>/labels/


@dataclass(frozen=True)
class LabelWindows:
    """The windows of each CSV that the label files name, by the path that they have for it.

    `in_folder` says that they were found in the folder itself, so that they speak of its files;
    those of a parent speak of others as well.
    """

    by_file: Mapping[str, tuple[Window, ...]]
    in_folder: bool = False

    def name_of(self, path: Path) -> str | None:
        """The longest of their names that the path ends with, or None if they do not name it."""
        parts = path.absolute().parts
        ends = ("/".join(parts[start:]) for start in range(len(parts)))
        return next((end for end in ends if end in self.by_file), None)


def find_windows(folder: Path) -> LabelWindows:
    """Those in the folder or its labels/, else in labels/ of its parents (two at most).

    Raises:
        DatasetError: a file of windows cannot be read, has a time that is none, or two of them
            disagree about a file.
    """
    folder = folder.absolute()
    above = [[parent / "labels"] for parent in folder.parents[:PARENTS]]
    for places in [[folder, folder / "labels"], *above]:
        by_file: dict[str, tuple[Window, ...]] = {}
        for place in places:
            for path in sorted(place.glob("*.json")):
                for name, windows in _read(path):
                    if by_file.setdefault(name, windows) != windows:
                        raise DatasetError(
                            f"{path}, {name}: another file of label windows there has other "
                            "windows for it; keep one of the two"
                        )
        if by_file:
            return LabelWindows(by_file, in_folder=folder in places)
    return LabelWindows({})


def _read(path: Path) -> Iterator[tuple[str, tuple[Window, ...]]]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"{path}: cannot be read as JSON ({error}), and may hold label windows; "
            "mend it or move it away"
        ) from None
    if not _has_windows(document):
        return
    for name, windows in document.items():
        yield str(PurePosixPath(name)), tuple(_window(path, name, pair) for pair in windows)


def _has_windows(document: Any) -> bool:
    """A map from CSV files to lists of lists; a list of single times is another kind of label."""
    if not isinstance(document, dict) or not document:
        return False
    if not all(name.lower().endswith(".csv") for name in document):
        return False
    return all(
        isinstance(windows, list) and all(isinstance(pair, list) for pair in windows)
        for windows in document.values()
    )


def _window(path: Path, name: str, pair: list[Any]) -> Window:
    try:
        start, end = (utc(text) for text in pair)
    except (ValueError, TypeError):
        raise DatasetError(
            f"{path}, {name}: {json.dumps(pair)} is no window; a window is two ISO 8601 times, "
            'such as ["2014-02-14 14:30:00", "2014-02-14 16:00:00"]'
        ) from None
    if end < start:
        raise DatasetError(
            f"{path}, {name}: {json.dumps(pair)} ends before it begins; swap the two"
        )
    return start, end
