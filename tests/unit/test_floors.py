"""Who may import whom: the floors of the house."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"penstock", "pipelines", "stacks", "jobs", "app"}

# folder -> what of ours it may import, besides itself
FLOORS = {
    "penstock/catalog": set[str](),
    "penstock/advisor": {"penstock.catalog"},
    "penstock/datasets": {"penstock.catalog"},
    "penstock/rules": {"penstock.catalog"},
    "penstock/recordio": set[str](),
    "penstock/channels": {"penstock.recordio"},
    "penstock/series": {"penstock.channels"},
    "penstock/planner": {"penstock.catalog"},
    "penstock/monitor": {"penstock.recordio"},
    "penstock/scenario": set[str](),
    "penstock/html": set[str](),
    "penstock/assembly": set[str](),
    "penstock/review": {"penstock.catalog", "penstock.assembly", "penstock.html"},
    "penstock/localcloud": {
        "penstock.recordio",
        "penstock.monitor",
        "penstock.catalog",
        "penstock.assembly",
    },
    "pipelines": {"penstock.catalog", "penstock.advisor", "penstock.datasets"},
    "stacks": {"pipelines", "penstock.catalog", "penstock.rules"},
    "jobs": {"penstock.recordio", "penstock.channels", "penstock.series", "penstock.monitor"},
    "lambda": set[str](),
}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the floor"
            yield node.module or ""


@pytest.mark.parametrize("room", FLOORS)
def test_a_room_imports_only_what_its_floor_allows(room: str) -> None:
    files = list((ROOT / room).rglob("*.py"))
    assert files, f"{room} is empty"
    allowed = {room.replace("/", "."), *FLOORS[room]}
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in imported(path)
        if name.split(".")[0] in OURS
        and not any(name == floor or name.startswith(floor + ".") for floor in allowed)
    ]
    assert wrong == []


def test_functions_need_nothing_but_the_standard_library_and_boto3() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / "lambda").rglob("*.py")
        for name in imported(path)
        if name.split(".")[0] not in {*sys.stdlib_module_names, "boto3", "botocore"}
        and not path.with_name(f"{name}.py").is_file()  # another file of the function's own folder
    ]
    assert wrong == []


def test_the_scenario_cannot_tell_local_from_real() -> None:
    for path in (ROOT / "penstock/scenario").rglob("*.py"):
        assert "moto" not in path.read_text(), path
