"""Wheels for Glue jobs: the locked version, under the file name that pip wants, or a refusal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from aws_cdk import App, Environment, Stack

from stacks import glue_wheels
from stacks.glue_wheels import GlueWheels, MissingWheelsError

pytestmark = pytest.mark.synth

ROOT = Path(__file__).parents[2]


def pinned(file: str, name: str) -> set[str]:
    text = (ROOT / "requirements" / file).read_text()
    return set(re.findall(rf"^{name}==(\S+)", text, re.MULTILINE))


def a_stack(folder: Path) -> tuple[App, Stack]:
    app = App(outdir=str(folder))
    environment = Environment(account="123456789012", region="us-east-1")
    return app, Stack(app, "Stack", env=environment)


def test_jobs_sketch_with_the_same_version_as_this_machine() -> None:
    assert pinned("glue-5.1-wheels.txt", "datasketches") == pinned("main.txt", "datasketches")


def test_a_wheels_object_keeps_its_file_name(tmp_path: Path) -> None:
    app, stack = a_stack(tmp_path)
    wheels = GlueWheels(stack, "Wheels", glue_version="5.1")
    (file,) = (ROOT / "wheels/glue-5.1").glob("*.whl")
    url = wheels.default_arguments["--additional-python-modules"]
    assert url.startswith("s3://cdk-")
    assert url.endswith(f"/{file.name}")
    app.synth()
    assets = json.loads((tmp_path / "Stack.assets.json").read_text())["files"].values()
    (asset,) = (found for found in assets if found["source"]["path"].endswith(".whl"))
    (to,) = asset["destinations"].values()
    assert url == f"s3://{to['bucketName']}/{to['objectKey']}"
    assert (tmp_path / asset["source"]["path"]).read_bytes() == file.read_bytes()
    assert stack.resolve(wheels.object_arns[0])["Fn::Join"][1][-1].endswith(
        url.removeprefix("s3://")
    )


def test_missing_wheels_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glue_wheels, "FOLDER", tmp_path)
    _, stack = a_stack(tmp_path / "out")
    with pytest.raises(MissingWheelsError, match="run `make setup`"):
        GlueWheels(stack, "Wheels", glue_version="5.1")
