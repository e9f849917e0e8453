"""JSON to Parquet by Hive types: what each deserializer reads, and what it refuses."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.localcloud.workers.firehose.conversion import (
    MALFORMED_DATA,
    PARSE_ERROR,
    Converted,
    Converter,
)
from penstock.localcloud.workers.firehose.refusal import SettingsError
from penstock.localcloud.workers.firehose.settings import Conversion

OPENX = Conversion(
    role_arn="r",
    catalog_id="",
    database="d",
    table="t",
    region="",
    version_id="LATEST",
    deserializer="OpenX",
    case_insensitive=True,
    dots_to_underscores=False,
    key_of_column=(),
    timestamp_formats=(),
    compression="SNAPPY",
    dictionary=False,
)
HIVE = replace(OPENX, deserializer="Hive")


def convert(
    columns: dict[str, str], *records: bytes | dict[str, Any], conversion: Conversion = OPENX
) -> Converted:
    converter = Converter([{"Name": n, "Type": t} for n, t in columns.items()], conversion)
    return converter.convert(
        [r if isinstance(r, bytes) else json.dumps(r).encode() for r in records]
    )


def rows(converted: Converted) -> list[dict[str, Any]]:
    assert not converted.failed, converted.failed
    found: list[dict[str, Any]] = pq.read_table(io.BytesIO(converted.parquet)).to_pylist()
    return found


def value(kind: str, given_value: Any, conversion: Conversion = OPENX) -> Any:
    return rows(convert({"c": kind}, {"c": given_value}, conversion=conversion))[0]["c"]


def failure(kind: str, given_value: Any, conversion: Conversion = OPENX) -> tuple[str, str]:
    converted = convert({"c": kind}, {"c": given_value}, conversion=conversion)
    ((index, code, message),) = converted.failed
    assert (index, converted.parquet, converted.records) == (0, b"", [])
    return code, message


@pytest.mark.parametrize(
    ("kind", "json_value", "expected"),
    [
        ("string", "é", "é"),
        ("string", 5, "5"),
        ("string", True, "true"),
        ("string", {"a": [1]}, '{"a":[1]}'),
        ("varchar(10)", "x", "x"),
        ("int", 5, 5),
        ("int", 5.0, 5),
        ("int", "5", 5),
        ("tinyint", -128, -128),
        ("smallint", 32767, 32767),
        ("bigint", 2**63 - 1, 2**63 - 1),
        ("double", 1, 1.0),
        ("double", "1.5", 1.5),
        ("float", 0.5, 0.5),
        ("boolean", False, False),
        ("boolean", "true", True),
        ("date", "2026-01-31", date(2026, 1, 31)),
        ("decimal(5,2)", 1.005, Decimal("1.00")),
        ("decimal(5,2)", "999.99", Decimal("999.99")),
        ("decimal", 12, Decimal(12)),
        ("timestamp", "2017-02-07T15:13:01.39256Z", datetime(2017, 2, 7, 15, 13, 1, 392560)),
        ("timestamp", "2017-2-7 15:13:01", datetime(2017, 2, 7, 15, 13, 1)),
        ("timestamp", 1518033528, datetime(2018, 2, 7, 19, 58, 48)),
        ("timestamp", 1518033528123, datetime(2018, 2, 7, 19, 58, 48, 123000)),
        ("timestamp", 1518033528.5, datetime(2018, 2, 7, 19, 58, 48, 500000)),
        ("array<int>", [1, None, "2"], [1, None, 2]),
        ("map<string,double>", {"a": 1}, [("a", 1.0)]),
        ("struct<a:int,b:array<string>>", {"A": 1, "b": ["x"]}, {"a": 1, "b": ["x"]}),
        ("array<struct<a:int>>", [{"a": 1}, {}], [{"a": 1}, {"a": None}]),
        ("int", None, None),
    ],
)
def test_openx_reads(kind: str, json_value: Any, expected: Any) -> None:
    assert value(kind, json_value) == expected


@pytest.mark.parametrize(
    ("kind", "json_value"),
    [
        ("int", "five"),
        ("int", 5.5),
        ("int", True),
        ("int", [1]),
        ("int", 2**31),
        ("tinyint", 128),
        ("double", "x"),
        ("double", True),
        ("double", "nan"),
        ("boolean", 1),
        ("boolean", "yes"),
        ("date", "31.01.2026"),
        ("date", 5),
        ("decimal(5,2)", 1000),
        ("decimal(5,2)", "x"),
        ("timestamp", "yesterday"),
        ("timestamp", True),
        ("array<int>", 5),
        ("array<int>", ["x"]),
        ("map<string,int>", [1]),
        ("struct<a:int>", "x"),
        ("string", "\ud800"),
    ],
)
def test_a_value_that_does_not_fit_names_its_column(kind: str, json_value: Any) -> None:
    code, message = failure(kind, json_value)
    assert code == MALFORMED_DATA
    assert "column c:" in message


@pytest.mark.parametrize(("kind", "json_value"), [("int", "5"), ("double", "1"), ("string", {})])
def test_hive_reads_no_numbers_from_strings_and_no_nested_json_as_text(
    kind: str, json_value: Any
) -> None:
    assert failure(kind, json_value, HIVE)[0] == MALFORMED_DATA


def test_hive_timestamps_by_format() -> None:
    assert value("timestamp", "2017-02-07 15:13:01.5", HIVE) == datetime(
        2017, 2, 7, 15, 13, 1, 500000
    )
    assert failure("timestamp", 1518033528, HIVE)[0] == MALFORMED_DATA
    formats = replace(HIVE, timestamp_formats=("dd.MM.yyyy'T'HH:mm:ss", "millis"))
    assert value("timestamp", "07.02.2017T15:13:01", formats) == datetime(2017, 2, 7, 15, 13, 1)
    assert value("timestamp", 1518033528123, formats) == datetime(2018, 2, 7, 19, 58, 48, 123000)
    assert failure("timestamp", "2017-02-07 15:13:01", formats)[0] == MALFORMED_DATA


def test_a_missing_column_is_null_and_an_unknown_key_is_left_out() -> None:
    (row,) = rows(convert({"a": "int", "b": "string"}, {"a": 1, "z": 2}))
    assert row == {"a": 1, "b": None}


def test_keys_are_matched_without_case_by_default() -> None:
    assert rows(convert({"label": "int"}, {"Label": 1})) == [{"label": 1}]
    exact = replace(OPENX, case_insensitive=False)
    assert rows(convert({"label": "int"}, {"Label": 1}, conversion=exact)) == [{"label": None}]


def test_mapped_keys_and_dots() -> None:
    mapped = replace(OPENX, key_of_column=(("ts", "timestamp"),))
    assert rows(convert({"ts": "int"}, {"timestamp": 1}, conversion=mapped)) == [{"ts": 1}]
    dots = replace(OPENX, dots_to_underscores=True)
    assert rows(convert({"a_b": "int"}, {"a.b": 1}, conversion=dots)) == [{"a_b": 1}]


def test_several_documents_in_one_record_are_several_rows() -> None:
    converted = convert({"a": "int"}, b'{"a":1}{"a":2}\n{"a":3}\n')
    assert rows(converted) == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert (converted.rows, converted.records) == (3, [0])


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (b"", PARSE_ERROR),
        (b"\xff", PARSE_ERROR),
        (b"{", PARSE_ERROR),
        (b'{"a": NaN}', PARSE_ERROR),
        (b"[" * 100_000, PARSE_ERROR),
        (b'[{"a":1}]', MALFORMED_DATA),
        (b'{"a":1}{"a":"x"}', MALFORMED_DATA),
    ],
)
def test_a_bad_record_fails_alone(record: bytes, code: str) -> None:
    converted = convert({"a": "int"}, b'{"a":1}', record, b'{"a":2}')
    assert [(index, kind) for index, kind, _ in converted.failed] == [(1, code)]
    assert converted.records == [0, 2]
    assert pq.read_table(io.BytesIO(converted.parquet)).column("a").to_pylist() == [1, 2]


@given(st.lists(st.one_of(st.binary(max_size=60), st.just(b'{"a":1,"b":"x"}')), max_size=10))
def test_every_record_is_converted_or_failed_once(records: list[bytes]) -> None:
    converted = convert({"a": "int", "b": "string"}, *records)
    failed = [index for index, _, _ in converted.failed]
    assert sorted(converted.records + failed) == list(range(len(records)))


@pytest.mark.parametrize(
    ("setting", "codec"), [("SNAPPY", "SNAPPY"), ("GZIP", "GZIP"), ("UNCOMPRESSED", "UNCOMPRESSED")]
)
def test_the_file_has_the_serializers_compression_and_the_tables_types(
    setting: str, codec: str
) -> None:
    converted = convert(
        {"a": "int", "b": "double", "t": "timestamp"},
        {"a": 1},
        conversion=replace(OPENX, compression=setting),
    )
    file = pq.ParquetFile(io.BytesIO(converted.parquet))
    assert file.metadata.row_group(0).column(0).compression == codec
    assert file.schema_arrow.field("a").type == pa.int32()
    assert file.schema.column(2).physical_type == "INT96"


@pytest.mark.parametrize(
    "kind", ["uniontype<int>", "binary", "array<int", "decimal(50,2)", "struct<a>", "int>", ""]
)
def test_a_column_type_that_is_not_known_is_refused_by_name(kind: str) -> None:
    with pytest.raises(SettingsError):
        convert({"c": kind})


def test_more_rows_than_are_held_at_once_make_one_file() -> None:
    records = [b'{"n": %d}' % number for number in range(25_000)]
    records[12_345] = b"no JSON"
    converted = convert({"n": "int"}, *records)
    assert [index for index, _, _ in converted.failed] == [12_345]
    numbers = [number for number in range(25_000) if number != 12_345]
    assert converted.records == numbers
    assert converted.rows == len(numbers)
    file = pq.ParquetFile(io.BytesIO(converted.parquet))
    assert file.read().column("n").to_pylist() == numbers
    assert file.num_row_groups == 1
