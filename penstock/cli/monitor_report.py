"""A monitor folder as terminal tables: what is wrong first, then the columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from penstock.cli.errors import UsageError
from penstock.cli.monitor_files import read_document
from penstock.monitor.run import RUN, STATISTICS, VIOLATIONS

MOST_ROWS = 20


def tables(folder: Path) -> Iterator[RenderableType]:
    """What to print of the folder.

    Raises:
        UsageError: the folder lacks the files, or they are of another form.
    """
    try:
        if not (folder / RUN).exists():
            yield from _columns(read_document(folder / STATISTICS), {})
            return
        found = read_document(folder / RUN)
        violations = read_document(folder / VIOLATIONS)["violations"]
        yield f"{found['exit_status']}: {found['item_count']} rows, {len(violations)} violations"
        yield from found["messages"]
        if violations:
            yield _violations(violations)
        yield from _columns(read_document(folder / STATISTICS), found["distances"])
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{folder}: the files are not in the published form: {error!r}") from error


def _violations(violations: list[dict[str, str]]) -> Table:
    table = _table("Violations", "feature", "check", "description")
    for violation in violations[:MOST_ROWS]:
        table.add_row(
            violation["feature_name"], violation["constraint_check_type"], violation["description"]
        )
    _and_more(table, len(violations))
    return table


def _columns(statistics: Mapping[str, Any], distances: Mapping[str, float]) -> Iterator[Table]:
    """The most drifted columns first; without distances, in the file's order."""
    features = sorted(statistics["features"], key=lambda f: -distances.get(f["name"], 0.0))
    title = f"{len(features)} columns of {statistics['dataset']['item_count']} rows"
    table = _table(title, "feature", "type", "missing", "mean", "std", "min", "max", "drift")
    for feature in features[:MOST_ROWS]:
        numbers = feature.get("numerical_statistics", {})
        common = (numbers or feature["string_statistics"])["common"]
        table.add_row(
            feature["name"],
            feature["inferred_type"],
            str(common["num_missing"]),
            *(_number(numbers.get(key)) for key in ("mean", "std_dev", "min", "max")),
            _number(distances.get(feature["name"])),
        )
    _and_more(table, len(features))
    yield table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column)
    return table


def _and_more(table: Table, count: int) -> None:
    if count > MOST_ROWS:
        table.caption = f"and {count - MOST_ROWS} more"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
