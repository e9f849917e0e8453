"""The record schema: columns, what a record may be, CSV rows, records broken on purpose."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipelines.registry import load
from pipelines.spec import Field, RecordSchema

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def digits() -> RecordSchema:
    return load()["digits"].record_schema


@pytest.fixture(scope="module")
def good() -> dict[str, Any]:
    return next(iter(load()["digits"].sample().records))


def transform_handler(schema: RecordSchema) -> ModuleType:
    """The transform function as it is shipped, with the setting that the stack gives it."""
    spec = importlib.util.spec_from_file_location(
        "transform_handler", ROOT / "lambda" / "transform" / "handler.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECORD_SCHEMA", schema.transform_schema())
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def handler(digits: RecordSchema) -> ModuleType:
    return transform_handler(digits)


def row_of(record: dict[str, Any]) -> dict[str, str]:
    pixels = {f"pixels_{n}": str(value) for n, value in enumerate(record["pixels"])}
    return {"id": record["id"], **pixels, "label": str(record["label"])}


def test_arrays_become_flat_columns_with_glue_types(digits: RecordSchema) -> None:
    assert digits.columns[0] == ("id", "string")
    assert digits.columns[1] == ("pixels_0", "double")
    assert digits.columns[64] == ("pixels_63", "double")
    assert digits.columns[65:] == (("label", "int"),)
    assert digits.feature_columns == tuple(f"pixels_{n}" for n in range(64))


def test_unbounded_integers_get_the_wide_type() -> None:
    assert Field(name="n", type="integer").glue_type == "bigint"
    assert Field(name="n", type="integer", minimum=0, maximum=2**31).glue_type == "bigint"
    assert Field(name="n", type="integer", minimum=0, maximum=2**31 - 1).glue_type == "int"


def test_the_transform_reads_exactly_this_text(digits: RecordSchema) -> None:
    assert digits.transform_schema() == (
        '{"identity_fields":["id"],"record_kb":8,"fields":[{"name":"id","type":"string"},'
        '{"name":"pixels","type":"number","length":64,"minimum":0,"maximum":16},'
        '{"name":"label","type":"integer","minimum":0,"maximum":9}]}'
    )


def test_a_csv_row_gives_the_record_back(digits: RecordSchema, good: dict[str, Any]) -> None:
    assert digits.record_from_row({**row_of(good), "note": "ignored"}) == good


def test_a_csv_row_without_a_column_is_refused(digits: RecordSchema, good: dict[str, Any]) -> None:
    row = row_of(good)
    del row["pixels_17"]
    with pytest.raises(ValueError, match="column pixels_17 is missing; a row needs id"):
        digits.record_from_row(row)


@pytest.mark.parametrize("cell", ["", "seven", "nan", "inf"])
def test_a_cell_that_is_no_number_is_refused(
    digits: RecordSchema, good: dict[str, Any], cell: str
) -> None:
    with pytest.raises(ValueError, match=r"column pixels_3: .* is not a number from 0 to 16"):
        digits.record_from_row({**row_of(good), "pixels_3": cell})


def test_a_label_that_is_no_integer_is_refused(digits: RecordSchema, good: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"column label: '3\.5' is not an integer from 0 to 9"):
        digits.record_from_row({**row_of(good), "label": "3.5"})


def test_values_out_of_range_pass_a_row_so_that_the_transform_accounts_for_them(
    digits: RecordSchema, good: dict[str, Any]
) -> None:
    record = digits.record_from_row({**row_of(good), "label": "12"})
    assert record["label"] == 12
    assert digits.problem(record) == "label: must be an integer from 0 to 9"


def test_a_good_record_has_no_problem(digits: RecordSchema, good: dict[str, Any]) -> None:
    assert digits.problem(good) is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"pixels": [0] * 63}, "pixels: must have 64 values, has 63"),
        ({"pixels": 5}, "pixels: must be an array of 64 values"),
        ({"pixels": [0] * 63 + [17]}, "pixels[63]: must be a number from 0 to 16"),
        ({"pixels": [0] * 63 + [True]}, "pixels[63]: must be a number from 0 to 16"),
        ({"label": 1.0}, "label: must be an integer from 0 to 9"),
        ({"label": "1"}, "label: must be an integer from 0 to 9"),
        ({"id": 7}, "id: must be a string"),
        ({"id": ""}, "id: must be a string"),
    ],
)
def test_each_problem_is_named(
    digits: RecordSchema, good: dict[str, Any], change: dict[str, Any], problem: str
) -> None:
    assert digits.problem({**good, **change}) == problem


def test_what_is_no_object_or_lacks_a_field_is_named(digits: RecordSchema) -> None:
    assert digits.problem([1]) == "the record must be a JSON object"
    assert digits.problem({"id": "x"}) == "pixels: missing"


def test_seven_kinds_of_broken_records_are_offered(
    digits: RecordSchema, good: dict[str, Any]
) -> None:
    kinds = [kind for kind, _ in digits.broken_examples(good)]
    assert kinds == [
        "not JSON",
        "missing field",
        "wrong type",
        "label out of range",
        "too many pixels",
        "empty",
        "over the size limit",
    ]


def test_the_shipped_transform_takes_the_good_and_refuses_each_broken_one(
    digits: RecordSchema, good: dict[str, Any], handler: ModuleType
) -> None:
    flat = handler.SCHEMA.flatten(json.dumps(good).encode())
    assert tuple(flat) == digits.flat_columns()
    reasons = {}
    for kind, body in digits.broken_examples(good):
        with pytest.raises(handler.RecordError) as refused:
            handler.SCHEMA.flatten(body)
        reasons[kind] = str(refused.value)
    assert "not JSON" in reasons["not JSON"]
    assert "'pixels' is missing" in reasons["missing field"]
    assert "must be an array" in reasons["wrong type"]
    assert "at most 9" in reasons["label out of range"]
    assert "not 65" in reasons["too many pixels"]
    assert "empty" in reasons["empty"]
    assert "more than 8192" in reasons["over the size limit"]


def test_broken_records_of_a_schema_without_arrays_and_bounds() -> None:
    schema = RecordSchema(
        id_field="key",
        label_field="y",
        record_kb=1,
        fields=(
            Field(name="key", type="string"),
            Field(name="x", type="number"),
            Field(name="y", type="number"),
        ),
    )
    good = {"key": "k", "x": 1.5, "y": 2.5}
    assert schema.problem(good) is None
    for kind, body in schema.broken_examples(good):
        if kind in ("not JSON", "empty"):
            with pytest.raises(ValueError, match="Expecting"):
                json.loads(body)
        elif kind == "over the size limit":
            assert len(body) == 1025
        else:
            assert schema.problem(json.loads(body)) is not None, kind


SERIES = RecordSchema(
    series_field="series",
    time_field="at",
    label_field="label",
    record_kb=1,
    fields=(
        Field(name="series", type="string"),
        Field(name="at", type="timestamp"),
        Field(name="value", type="number", minimum=0),
        Field(name="label", type="integer", minimum=0, maximum=1, optional=True),
    ),
)


@pytest.fixture(scope="module")
def series_handler() -> ModuleType:
    return transform_handler(SERIES)


def test_a_point_of_a_series_is_known_by_series_and_time_and_need_not_be_labelled(
    series_handler: ModuleType,
) -> None:
    assert SERIES.identity_fields == ("series", "at")
    assert SERIES.feature_columns == ("value",)
    assert SERIES.columns[1] == ("at", "string")
    point = {"series": "cpu", "at": "2026-11-22T05:00:00Z", "value": 1.5}
    assert SERIES.problem(point) is None
    assert SERIES.problem({**point, "label": None}) is None
    assert SERIES.problem({**point, "label": 2}) == "label: must be an integer from 0 to 1"
    assert series_handler.SCHEMA.flatten(json.dumps(point).encode()) == point
    labelled = {**point, "label": 1}
    assert series_handler.SCHEMA.flatten(json.dumps(labelled).encode()) == labelled


def test_a_csv_row_without_a_label_is_a_record_without_one() -> None:
    row = {"series": "cpu", "at": "2026-11-22 05:00:00", "value": "2"}
    unlabelled = {"series": "cpu", "at": "2026-11-22 05:00:00", "value": 2, "label": None}
    assert SERIES.record_from_row(row) == unlabelled
    assert SERIES.record_from_row({**row, "label": ""}) == unlabelled
    assert SERIES.record_from_row({**row, "label": "1"}) == {**unlabelled, "label": 1}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-11-22T05:00:00Z", "2026-11-22T05:00:00Z"),
        ("2026-11-22 05:00:00", "2026-11-22T05:00:00Z"),
        ("2026-11-22T07:00:00+02:00", "2026-11-22T05:00:00Z"),
        ("2026-11-22T05:00:00.25Z", "2026-11-22T05:00:00.250000Z"),
        ("2026-11-22", "2026-11-22T00:00:00Z"),
    ],
)
def test_times_reach_the_lake_in_utc(series_handler: ModuleType, sent: str, kept: str) -> None:
    point = {"series": "cpu", "at": sent, "value": 1}
    assert SERIES.problem(point) is None
    assert series_handler.SCHEMA.flatten(json.dumps(point).encode())["at"] == kept


@pytest.mark.parametrize("sent", ["noon", "", "2026-13-01", 1732251600, "0001-01-01T00:00+14:00"])
def test_what_is_no_time_is_refused(series_handler: ModuleType, sent: Any) -> None:
    point = {"series": "cpu", "at": sent, "value": 1}
    with pytest.raises(series_handler.RecordError, match="'at'"):
        series_handler.SCHEMA.flatten(json.dumps(point).encode())


def test_broken_points_are_refused_each_for_its_reason(series_handler: ModuleType) -> None:
    good = {"series": "cpu", "at": "2026-11-22T05:00:00Z", "value": 1.5}
    kinds = dict(SERIES.broken_examples(good))
    assert len(kinds) == 7
    for body in kinds.values():
        with pytest.raises(series_handler.RecordError):
            series_handler.SCHEMA.flatten(body)
    assert json.loads(kinds["missing field"])["series"] == "cpu-broken-2"
