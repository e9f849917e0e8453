"""`--accelerator`: what a pipeline offers, what a command does with it, and what is refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import pipelines
from penstock.cli import synth
from penstock.cli.errors import UsageError
from penstock.cli.known import known_pipeline
from penstock.cli.main import app
from penstock.cli.offline_run import OfflineRun

ROOT = Path(__file__).parents[2]
OFFER = """
_TRAINING = PIPELINE.training.model_copy(update={"instance_type": "ml.c5.xlarge"})
ACCELERATORS = {"gpu": PIPELINE, "cpu": PIPELINE.model_copy(update={"training": _TRAINING})}
"""


@pytest.fixture(autouse=True)
def offering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A pipeline `choosy` beside the others, which offers two accelerators."""
    source = (ROOT / "pipelines" / "digits.py").read_text()
    (tmp_path / "choosy.py").write_text(source.replace('name="digits"', 'name="choosy"') + OFFER)
    monkeypatch.setattr(pipelines, "__path__", [*pipelines.__path__, str(tmp_path)])
    yield
    sys.modules.pop("pipelines.choosy", None)


def call(*arguments: str) -> Any:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})


def test_list_shows_what_a_pipeline_offers_and_its_default() -> None:
    lines = call("list").output.splitlines()
    (number,) = [n for n, line in enumerate(lines) if line.startswith("choosy ")]
    assert lines[number + 1].split(maxsplit=1) == ["--accelerator", "gpu (the default), cpu"]
    (other,) = [n for n, line in enumerate(lines) if line.startswith("digits ")]
    assert "--accelerator" not in lines[other + 1 : other + 2]


def test_a_choice_is_the_pipeline_that_the_module_says() -> None:
    assert known_pipeline("choosy").training.instance_type == "ml.m5.large"
    assert known_pipeline("choosy", "gpu") == known_pipeline("choosy")
    assert known_pipeline("choosy", "cpu").training.instance_type == "ml.c5.xlarge"


@pytest.mark.parametrize("command", ["synth", "run", "up", "plan", "review"])
@pytest.mark.parametrize(
    ("pipeline", "message"),
    [
        ("digits", "--accelerator tpu: digits offers no choice (see `penstock list`); leave it"),
        ("choosy", "--accelerator tpu: choosy does not offer it; use one of gpu, cpu"),
    ],
)
def test_what_is_not_offered_is_one_line(command: str, pipeline: str, message: str) -> None:
    done = call(command, pipeline, "--accelerator", "tpu")
    assert done.exit_code == 2
    (line,) = done.output.splitlines()
    assert line.startswith(f"penstock: {message}")


@pytest.mark.parametrize("command", ["up", "review"])
def test_an_assembly_has_no_choice(command: str) -> None:
    done = call(command, "--assembly", "cdk.out", "--accelerator", "cpu")
    assert done.exit_code == 2
    assert done.output.startswith("penstock: --accelerator cpu: an assembly")


def test_what_is_deployed_in_aws_has_no_choice() -> None:
    done = call("run", "choosy", "--on", "aws", "--accelerator", "cpu")
    assert done.exit_code == 2
    assert done.output.startswith("penstock: --accelerator cpu: what is deployed in AWS")


@pytest.mark.parametrize(
    ("pipeline", "asked", "chosen"),
    [("choosy", ["--accelerator", "cpu"], "cpu"), ("choosy", [], "gpu"), ("digits", [], None)],
)
def test_a_run_says_what_it_ran_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pipeline: str,
    asked: list[str],
    chosen: str | None,
) -> None:
    synthesized_for = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(OfflineRun, "drive", lambda run: synthesized_for.append(run.accelerator))
    assert call("run", pipeline, "--records", "3", *asked).exit_code == 0
    report = json.loads((tmp_path / "runs" / pipeline / "latest" / "report.json").read_text())
    assert report["accelerator"] == chosen
    assert synthesized_for == [chosen]
    named = {"succeeded": True, f"{pipeline} on {chosen} ": chosen is not None}
    page = (tmp_path / "runs" / pipeline / "latest" / "report.html").read_text()
    assert {text: text in page for text in named} == named


def test_a_plan_is_of_the_choice(tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    assert call("plan", "choosy", "--accelerator", "cpu", "--json", str(out)).exit_code == 0
    assert json.loads(out.read_text())["instances"]["training"]["instance_type"] == "ml.c5.xlarge"


def test_the_app_is_told_the_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app.py").write_text(
        "import os, sys\nprint(os.environ['CDK_CONTEXT_JSON'], file=sys.stderr)\nsys.exit(2)\n"
    )
    (tmp_path / "cdk.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    for accelerator, context in (("cpu", {"accelerator": "cpu"}), (None, {})):
        with pytest.raises(UsageError) as said:
            synth.synthesize(
                out=tmp_path / "out",
                pipeline=None,
                environment=None,
                validate=False,
                accelerator=accelerator,
            )
        assert json.loads(str(said.value)) == context
