"""What the command refuses: one clear line on stderr, exit code 2, nothing started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs.conftest import Penstock

# botocore looks for credentials in files and at the machine's own metadata service as well
NO_ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "",
    "AWS_SECRET_ACCESS_KEY": "",
    "AWS_DEFAULT_REGION": "",
    "AWS_REGION": "",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "nowhere",
    "AWS_SHARED_CREDENTIALS_FILE": "nowhere",
}
SEVEN_CSV = "id,label\na,3\n"


def test_list_names_the_pipelines(penstock: Penstock) -> None:
    done = penstock("list")
    assert done.code == 0
    assert "digits " in done.out


def test_a_plan_needs_nothing_but_the_project(penstock: Penstock) -> None:
    done = penstock("plan", "digits", "--records-per-second", "20000", "--record-kb", "2")
    assert done.code == 0, done.err
    assert "stream.shards" in done.out


def test_the_list_of_faults_needs_no_pipeline(penstock: Penstock) -> None:
    done = penstock("run", "--fault", "list")
    assert done.code == 0
    assert "kinesis-throttling=0.2" in done.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "didgits"), "unknown pipeline didgits: choose one of "),
        (("synth", "didgits"), "unknown pipeline didgits"),
        (("review", "didgits"), "unknown pipeline didgits"),
        (("review",), "name a pipeline or give --assembly"),
        (("review", "digits", "--assembly", "."), "name a pipeline or give --assembly"),
        (("review", "digits", "--against", "nowhere"), "nowhere is not a cloud assembly"),
        (("review", "digits", "--environment", "mars"), "unknown environment mars: choose one of "),
        (("review", "--assembly", "."), " is not a cloud assembly"),
        (("review", "digits", "--consumers", "0"), "--consumers 0: the delivery reads"),
        (("review", "digits", "--record-kb", "9999"), "--record-kb 9999: "),
        (("review", "digits", "--prices", "nowhere.json"), "--prices nowhere.json: No such file"),
        (("review", "--assembly", ".", "--record-kb", "1"), "a load is planned for a pipeline"),
        (("run", "digits", "--data", "nowhere.csv"), "nowhere.csv: no such file"),
        (("run", "digits", "--data", "short.csv"), "column pixels_0 and 63 more missing"),
        (("run", "digits", "--data", "."), "a folder, which only pipelines of time series or texts read"),
        (("run", "digits", "--json", "no/folder/x.json"), "there is no folder no/folder"),
        (("run", "digits", "--fault", "rain"), "unknown fault rain: choose one of kinesis-"),
        (("run", "digits", "--fault", "kinesis-throttling=2"), "'2' is not a share: above 0"),
        (("run", "digits", "--on", "aws", "--fault", "kinesis-throttling"), "leave out --on"),
        (("run", "digits", "--records", "0"), "'--records'"),
        (("run", "digits", "--records", "many"), "'--records'"),
        (("run",), "Missing argument 'pipeline'"),
        (("run", "digits", "--tea"), "--tea"),
        (("run", "digits", "--on", "mars"), "'--on'"),
        (("run", "digits", "--on", "aws"), "no credentials and no region: set AWS_PROFILE"),
        (("fly",), "No such command 'fly'"),
    ],
)
def test_one_line_and_exit_code_2(
    penstock: Penstock, arguments: tuple[str, ...], says: str
) -> None:
    folder = penstock("list").folder
    (folder / "short.csv").write_text(SEVEN_CSV)
    done = penstock(*arguments, **NO_ACCOUNT)
    assert done.code == 2
    assert says in done.err
    assert done.err.count("\n") == 1
    assert done.out == ""
    assert not (folder / "runs").exists()


def test_a_profile_that_does_not_exist_is_one_line(penstock: Penstock) -> None:
    done = penstock("run", "digits", "--on", "aws", **NO_ACCOUNT, AWS_PROFILE="nobody")
    assert (done.code, done.out) == (2, "")
    assert done.err == "penstock: --on aws: The config profile (nobody) could not be found\n"


def test_a_wrong_value_in_a_description_is_named(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    for part in ("app.py", "cdk.json", "stacks", "lambda", "jobs", "penstock"):
        (tmp_path / part).symlink_to(root / part)
    (tmp_path / "pipelines").mkdir()
    for part in (root / "pipelines").iterdir():
        (tmp_path / "pipelines" / part.name).symlink_to(part)
    wrong = (root / "pipelines/digits.py").read_text().replace("buffer_mb=64", "buffer_mb=5")
    (tmp_path / "pipelines/digits.py").unlink()
    (tmp_path / "pipelines/digits.py").write_text(wrong)
    done = subprocess.run(
        [Path(sys.prefix, "bin", "penstock"), "run", "digits"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    for part in ("buffer_mb", "5", "64"):
        assert part in done.stderr


def test_outside_a_project_it_says_where_to_go(tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.prefix, "bin", "penstock"), "list"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "run penstock in the project's folder" in done.stderr
    assert done.stderr.count("\n") == 1
