"""The command's help and its module's first line name every command."""

from __future__ import annotations

import typer
from typer.testing import CliRunner

from penstock.cli import main


def test_help_and_the_first_line_name_all_commands() -> None:
    commands = list(typer.main.get_group(main.app).commands)
    assert len(commands) >= 8
    assert main.__doc__ == f"The `penstock` command: {', '.join(commands)}."
    said = CliRunner().invoke(main.app, ["--help"]).output
    for name in commands:
        assert f"│ {name} " in said
