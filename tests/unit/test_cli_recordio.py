"""`penstock recordio` shows files of records, and names the byte where one is broken."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from typer.testing import CliRunner

from penstock.cli.main import app
from penstock.recordio import (
    BytesTensor,
    Reader,
    Record,
    Tensor,
    write_csr,
    write_dense,
    write_records,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "part.rec"
    rows = np.array([[0.1, np.nan], [2, np.inf], [-4, 5]], np.float32)
    with path.open("wb") as out:
        write_dense(out, rows, [1, 0, 1])
        write_csr(out, scipy.sparse.csr_matrix(np.diag(np.array([7.0, 0]))))
        write_records(out, [Record({"image": BytesTensor((b"abc",), "image/png")}, uid="u")])
    return path


def run(*arguments: str, data: bytes | None = None, code: int = 0) -> list[str]:
    done = CliRunner().invoke(app, ["recordio", *arguments], input=data)
    assert done.exit_code == code, done.output
    return done.output.splitlines()


def test_head_shows_records_of_all_kinds(file: Path) -> None:
    lines = [json.loads(line) for line in run("head", str(file), "-n", "9")]
    assert len(lines) == 6
    assert lines[0] == {
        "features": {"values": {"type": "float32", "values": [0.1, "nan"]}},
        "label": {"values": {"type": "float32", "values": [1.0]}},
    }
    sparse = {"type": "float64", "keys": [0], "values": [7.0], "shape": [2]}
    assert lines[3] == {"features": {"values": sparse}}
    image = {"content_type": "image/png", "bytes": [3]}
    assert lines[5] == {"features": {"image": image}, "uid": "u"}
    assert len(run("head", str(file), "-n", "2")) == 2


def test_stats_count_what_there_is(file: Path) -> None:
    assert run("stats", str(file)) == [
        f"6 records, {file.stat().st_size} bytes",
        "3 of 2 float32 values and float32 label",
        "2 of 2 columns of sparse float64 values and no label",
        "1 of features image; labels none",
        "values: 7, -4 to 7, 2 NaN or infinite",
        "sparse rows without any value: 1",
        "labels: 3, 0 to 1",
        "each label: 0: 1, 1: 2",
    ]


def test_verify_says_how_much_it_read(file: Path) -> None:
    data = file.read_bytes()
    assert run("verify", str(file)) == [f"{file}: 6 records, {len(data)} bytes, nothing wrong"]
    assert run("verify", "-", data=data) == [f"-: 6 records, {len(data)} bytes, nothing wrong"]


def test_a_broken_file_is_refused_at_its_byte_in_one_line(file: Path) -> None:
    data = bytearray(file.read_bytes())
    size = 52
    data[2 * size] ^= 1
    file.write_bytes(data)
    for verb in ("verify", "stats", "head"):
        lines = run(verb, str(file), code=2)
        assert lines[-1].startswith(f"penstock: {file}: record 2 at byte {2 * size}: expected")
    (line,) = run("verify", "-", data=bytes(data[: size + 5]), code=2)
    assert (
        line == "penstock: -: record 1 at byte 52: the stream ends inside a header (5 of 8 bytes)"
    )


def test_what_cannot_be_opened_is_refused_in_one_line(tmp_path: Path) -> None:
    (line,) = run("head", str(tmp_path / "none"), code=2)
    assert line.endswith("No such file or directory")
    (line,) = run("head", str(tmp_path), code=2)
    assert line.endswith("Is a directory")
    (line,) = run("head", "s3://bucket", code=2)
    assert line.endswith("expected s3://bucket/key")


def test_pieces_are_all_that_there_is(file: Path) -> None:
    rows = write_dense(buffer := io.BytesIO(), np.ones((4, 7), np.float32))
    found = list(Reader(buffer.getvalue() + file.read_bytes()).pieces(3))
    assert [len(piece) for piece in found[:-1]] == [3, 1, 3, 2]
    assert isinstance(found[-1], Record)
    assert rows == len(buffer.getvalue())
    assert not isinstance(found[-1].features["image"], Tensor)
