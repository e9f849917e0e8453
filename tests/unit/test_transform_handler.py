"""The transform function: what it lets through, what it refuses and why, and that it never raises.

The pinned environment holds the runtime's boto3 but Python 3.11; test_transform_python313 has the
same function on CPython 3.13.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "lambda" / "transform" / "handler.py"
PINNED_PYTHON = ROOT / ".venv" / "runtimes" / "lambda-python3.13" / "bin" / "python"
SCHEMA = {
    "identity_fields": ["id"],
    "record_kb": 8,
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "pixels", "type": "number", "length": 4, "minimum": 0, "maximum": 16},
        {"name": "label", "type": "integer", "minimum": 0, "maximum": 9},
    ],
}


def load(schema: dict[str, Any]) -> ModuleType:
    spec = importlib.util.spec_from_file_location("transform_handler", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECORD_SCHEMA", json.dumps(schema))
        spec.loader.exec_module(module)
    return module


HANDLER = load(SCHEMA)


def event(*raws: bytes) -> dict[str, Any]:
    return {
        "invocationId": "i",
        "deliveryStreamArn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/d",
        "region": "us-east-1",
        "records": [
            {
                "recordId": f"r{index}",
                "approximateArrivalTimestamp": 1,
                "data": base64.b64encode(raw).decode(),
                "kinesisRecordMetadata": {"sequenceNumber": f"s{index}"},
            }
            for index, raw in enumerate(raws)
        ],
    }


def record(**changes: Any) -> bytes:
    whole = {"id": "a", "pixels": [0, 16, 1.5, 3], "label": 7} | changes
    return json.dumps({k: v for k, v in whole.items() if v is not ...}).encode()


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_good_record_comes_back_flat_with_a_newline() -> None:
    (answer,) = HANDLER.handler(event(record()), None)["records"]
    assert (answer["recordId"], answer["result"]) == ("r0", "Ok")
    assert base64.b64decode(answer["data"]) == (
        b'{"id":"a","pixels_0":0,"pixels_1":16,"pixels_2":1.5,"pixels_3":3,"label":7}\n'
    )


def test_fields_outside_the_schema_are_left_out() -> None:
    (answer,) = HANDLER.handler(event(record(camera="left")), None)["records"]
    assert answer["result"] == "Ok"
    assert b"camera" not in base64.b64decode(answer["data"])


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xff\xfe{", "not UTF-8"),
        (b"{not json", "not JSON"),
        (b"[" * 5000, "not JSON"),
        (b"[1, 2]", "must be a JSON object, not array"),
        (b"null", "must be a JSON object, not null"),
        (record(label=...), "field 'label' is missing"),
        (record(label="7"), "field 'label' must be a integer, not string"),
        (record(label=True), "field 'label' must be a integer, not boolean"),
        (record(label=7.0), "field 'label' must be an integer, not 7.0"),
        (record(label=10), "field 'label' must be at most 9, not 10"),
        (record(label=-1), "field 'label' must be at least 0, not -1"),
        (record(label=10**40), "64 bits"),
        (record(pixels=[0, 0, 0, 0, 0]), "field 'pixels' must have 4 items, not 5"),
        (record(pixels=3), "field 'pixels' must be an array, not number"),
        (record(pixels=[0, 0, None, 0]), "field 'pixels[2]' must be a number, not null"),
        (record(pixels=[0, 0, 0, 16.1]), "field 'pixels[3]' must be at most 16"),
        (record(pixels=[0, 0, 0, float("nan")]), "NaN is not a JSON number"),
        (record().replace(b"1.5", b"1e999"), "too large for a number"),
        (record(id=5), "field 'id' must be a string, not number"),
        (record(id=""), "field 'id' must not be empty"),
        (record(id="\ud800"), "surrogate"),
        (record(id="x" * 8192), "more than 8192"),
    ],
)
def test_a_bad_record_fails_with_its_reason(
    raw: bytes, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (answer,) = HANDLER.handler(event(raw), None)["records"]
    assert answer["result"] == "ProcessingFailed"
    assert base64.b64decode(answer["data"]) == raw
    line, batch = printed(capsys)
    assert reason in line.pop("reason")
    assert line == {
        "event": "record_failed",
        "record_id": "r0",
        "sequence_number": "s0",
        "sha256": hashlib.sha256(raw).hexdigest(),
    }
    assert batch == {"event": "batch", "records": 1, "ok": 0, "dropped": 0, "failed": 1}


def test_data_that_are_not_base64_fail_that_record_alone() -> None:
    batch = event(record(), record())
    batch["records"][0]["data"] = "%%%"
    results = [a["result"] for a in HANDLER.handler(batch, None)["records"]]
    assert results == ["ProcessingFailed", "Ok"]


@given(st.lists(st.one_of(st.binary(max_size=200), st.just(record())), max_size=20))
def test_any_bytes_get_one_answer_per_record_in_order(raws: list[bytes]) -> None:
    answers = HANDLER.handler(event(*raws), None)["records"]
    assert [a["recordId"] for a in answers] == [f"r{i}" for i in range(len(raws))]
    assert {a["result"] for a in answers} <= {"Ok", "ProcessingFailed"}


def test_a_megabyte_of_digits_stays_below_the_response_limit() -> None:
    """The processor's buffer of 1 MB is safe for images of 64 small numbers."""
    schema = json.loads(json.dumps(SCHEMA))
    schema["fields"][1]["length"] = 64
    handler = load(schema)
    raw = record(id="digit-0001", pixels=[0, 5, 13, 9] * 16)
    count = 2**20 // len(raw)
    answer = handler.handler(event(*[raw] * count), None)
    assert {a["result"] for a in answer["records"]} == {"Ok"}
    assert len(json.dumps(answer)) < 6_000_000


def test_records_that_do_not_fit_the_answer_fail_with_that_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    batch = event(*[record()] * 50)
    whole = len(json.dumps(HANDLER.handle(batch, HANDLER.SCHEMA)))
    as_it_came = sum(len(r["data"]) + len(r["recordId"]) + 128 for r in batch["records"])
    capsys.readouterr()
    limit = as_it_came + 400
    answer = HANDLER.handle(batch, HANDLER.SCHEMA, limit)
    results = [a["result"] for a in answer["records"]]
    assert set(results) == {"Ok", "ProcessingFailed"}
    assert len(json.dumps(answer)) <= limit
    assert whole > 0
    lines = printed(capsys)
    assert f"would exceed {limit} bytes" in lines[0]["reason"]
    assert lines[-1]["failed"] == results.count("ProcessingFailed")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"fields": [{"name": "id", "type": "float"}]},
            "a type is integer, number, str",
        ),
        ({"identity_fields": ["key"]}, "'key' is not among the fields"),
        ({"record_kb": None}, "lacks"),
    ],
)
def test_a_wrong_schema_fails_at_import(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        load(SCHEMA | change)


def test_the_source_imports_the_standard_library_alone() -> None:
    tree = ast.parse(SOURCE.read_text(), feature_version=(3, 11))
    names = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        n.module.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) if n.module
    }
    assert names <= set(sys.stdlib_module_names) | {"boto3", "botocore"}


@pytest.mark.runtime
def test_it_runs_in_the_pinned_environment() -> None:
    """In isolated mode, with the runtime's boto3 and nothing of this project importable."""
    program = (
        "import json, os, runpy, sys\n"
        "import boto3\n"
        "module = runpy.run_path(sys.argv[1])\n"
        "answer = module['handler'](json.load(sys.stdin), None)\n"
        "print(json.dumps({'boto3': boto3.__version__, 'answer': answer}))\n"
    )
    run = subprocess.run(
        [str(PINNED_PYTHON), "-I", "-W", "error::SyntaxWarning", "-c", program, str(SOURCE)],
        input=json.dumps(event(record(), b"{")),
        env={"RECORD_SCHEMA": json.dumps(SCHEMA)},
        capture_output=True,
        text=True,
        check=True,
    )
    last = json.loads(run.stdout.splitlines()[-1])
    assert last["boto3"] == "1.40.4"
    assert [a["result"] for a in last["answer"]["records"]] == ["Ok", "ProcessingFailed"]
