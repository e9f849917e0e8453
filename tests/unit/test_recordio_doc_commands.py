"""docs/recordio.md's commands work as they stand there, and its tables say what the code says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from penstock.cli.main import app
from penstock.recordio.files import Format, Reading, Writing, convert
from penstock.recordio.files.csv_source import MISSING
from penstock.recordio.files.formats import FORMAT_OF_ENDING

PAGE = (Path(__file__).parents[2] / "docs" / "recordio.md").read_text()
SECTION = PAGE.partition("\n## Command line\n")[2].partition("\n## ")[0]


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", SECTION, re.S)
    return str(found)


def test_the_commands_work_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [f"{n / 8},{n % 5},3.5,-1e-3,{n % 2}\n" for n in range(40)]
    Path("banknotes.csv").write_text("".join(rows))
    pq.write_table(pa.table({"age": [41, 52], "income": [0, 1]}), "people.parquet")
    commands = block("sh").splitlines()
    assert len(commands) == 8
    for command in commands:
        program, *arguments = shlex.split(command.partition(" | ")[0])
        assert program == "penstock"
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, (command, done.output)
        said = done.stdout
    assert said == "".join(  # of the last one: the label comes first
        f"{n % 2},{n / 8:g},{n % 5},3.5,-0.001\n" for n in range(20)
    )
    names: dict[str, object] = {}
    exec(compile(block("python"), "docs/recordio.md", "exec"), names)
    assert Path("again.rec").read_bytes() == Path("banknotes.rec").read_bytes()


def test_the_forms_of_json_lines_are_read(tmp_path: Path) -> None:
    forms = block("json").splitlines()
    assert len(forms) == 5
    for form in forms:
        (tmp_path / "a.jsonl").write_text(form)
        convert(
            str(tmp_path / "a.jsonl"),
            str(tmp_path / "a.csv"),
            Reading(Format.JSON_LINES),
            Writing(Format.CSV),
        )
        first = "0" if "keys" in form else "1.5"
        assert (tmp_path / "a.csv").read_text() == f"1,{first},16\n"


def test_endings_and_missing_values_are_those_of_the_code() -> None:
    table = SECTION.partition("| format | endings |")[2].partition("\n\n")[0]
    assert re.findall(r"`\.(\w+)`", table) == list(FORMAT_OF_ENDING)
    assert f"an empty field, {', '.join(MISSING[1:])};" in " ".join(SECTION.split())
