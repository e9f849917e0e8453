"""A user's script in its process: how its output comes through, and what its end is called."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from penstock.localcloud.engines.container.errors import CustomerError
from penstock.localcloud.engines.script_mode.user_program import ScriptError, UserProgram


def program(folder: Path, text: str, name: str = "train.py", *arguments: str) -> UserProgram:
    (folder / name).write_text(text)
    return UserProgram(Path(sys.executable), folder, name, arguments, {"MOOD": "good"})


def test_both_outputs_come_through_and_nothing_else_is_around(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = (
        "import os, sys\n"
        "print(sys.argv[1:], os.environ['MOOD'], os.getcwd(), os.environ.get('HOME'))\n"
        "print('to the other', file=sys.stderr)\n"
        "sys.stdout.write('no end')\n"
    )
    program(tmp_path, text, "train.py", "--name", "a b").run()
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "Invoking script with the following command:"
    assert lines[1] == f"{sys.executable} train.py --name 'a b'"
    assert f"['--name', 'a b'] good {tmp_path} None" in lines
    assert {"to the other", "no end"} <= set(lines)


def test_a_bad_end_is_told_in_the_toolkits_words(tmp_path: Path) -> None:
    text = "import sys\nprint('begins', file=sys.stderr)\nraise ValueError('--epochs is 0')\n"
    with pytest.raises(ScriptError) as caught:
        program(tmp_path, text, "train.py", "--epochs", "0").run()
    assert str(caught.value) == (
        "ExecuteUserScriptError:\nExitCode 1\n"
        "ErrorMessage \"raise ValueError('--epochs is 0')\nValueError: --epochs is 0\"\n"
        f'Command "{sys.executable} train.py --epochs 0"'
    )


def test_an_exit_code_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"ExitCode 75\nErrorMessage \"\"\n"):
        program(tmp_path, "raise SystemExit(75)").run()


def test_a_shell_script_is_a_command(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program(tmp_path, 'echo "$1" "$MOOD"\n', "run.sh", "a b").run()
    assert "a b good" in capfd.readouterr().out


def test_a_script_that_is_not_there_is_named_with_what_is(tmp_path: Path) -> None:
    asked = program(tmp_path, "", "other.py")
    missing = UserProgram(asked.python, tmp_path, "train.py", (), {})
    with pytest.raises(CustomerError, match=r"train\.py: there is no such .* which has other\.py"):
        missing.run()


def test_a_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "setup.py").touch()
    with pytest.raises(CustomerError, match=r"setup\.py: a package is not installed"):
        program(tmp_path, "").run()
