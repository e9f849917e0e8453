"""The app as a whole: determinism, choices, tags, nag and lint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app import ChoiceError, build_app

ROOT = Path(__file__).parents[2]


def without_aws() -> dict[str, str]:
    """This process's environment with nothing of AWS or CDK in it, and no home to read from."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "CDK_", "JSII_"))
    }
    return {**kept, "AWS_EC2_METADATA_DISABLED": "true"}


def run_app(out: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={**without_aws(), "CDK_OUTDIR": str(out), "CDK_VALIDATION": "false", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def comparable(out: Path, stage: str, stacks: int) -> dict[str, bytes]:
    """Templates and asset manifests; CDK puts random paths into other files of an assembly."""
    folder = out / f"assembly-{stage}"
    found = {
        path.name: path.read_bytes()
        for pattern in ("*.template.json", "*.assets.json")
        for path in folder.glob(pattern)
    }
    assert len(found) == 2 * stacks
    return found


def test_a_second_synth_in_another_process_without_aws_settings_is_identical(
    dev: Any, tmp_path: Path
) -> None:
    done = run_app(tmp_path)
    assert done.returncode == 0, done.stderr
    stacks = len(dev.templates)
    assert comparable(tmp_path, "digits-dev", stacks) == comparable(dev.out, "digits-dev", stacks)
    assets = {path.name for path in dev.out.glob("asset.*")}
    assert assets
    assert assets <= {path.name for path in tmp_path.glob("asset.*")}  # other pipelines have more


def test_no_path_of_this_machine_is_in_a_template(dev: Any) -> None:
    for layer, template in dev.templates.items():
        assert str(ROOT) not in json.dumps(template), layer
        assert not [name for name, r in template["Resources"].items() if "Metadata" in r], layer


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"pipeline": "digts"}, "pipeline=digts: no such pipeline; there is "),
        ({"environment": "qa"}, "environment=qa: no such environment in the context of cdk.json; "),
        (
            {"environments": {"dev": {"region": "us-east-1", "buckets": {"digts": {}}}}},
            "environments.dev.buckets.digts: no such pipeline; there is ",
        ),
        ({"allow_data_removal": "yes"}, "allow_data_removal=yes: must be true or false"),
    ],
)
def test_a_choice_that_there_is_not_is_an_error_of_one_line(
    context: dict[str, Any], tmp_path: Path, choice: dict[str, Any], message: str
) -> None:
    with pytest.raises(ChoiceError) as refused:
        build_app({**context, **choice}, out=tmp_path)
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_a_wrong_choice_or_setting_ends_with_code_2_and_one_line(
    context: dict[str, Any], tmp_path: Path
) -> None:
    environments = {"dev": {**context["environments"]["dev"], "region": "nowhere"}}
    for changes, start in (
        ({"pipeline": "digts"}, "pipeline=digts"),
        ({"environments": environments}, "Environment.region: 'nowhere'"),
    ):
        done = run_app(tmp_path, CDK_CONTEXT_JSON=json.dumps({**context, **changes}))
        assert done.returncode == 2
        (line,) = done.stderr.strip().splitlines()
        assert line.startswith(start)


def test_context_that_is_too_long_for_a_variable_is_read_from_its_file(
    context: dict[str, Any], tmp_path: Path
) -> None:
    overflow = tmp_path / "context.json"
    overflow.write_text(json.dumps({"pipeline": "from-the-file"}))
    done = run_app(
        tmp_path / "out",
        CDK_CONTEXT_JSON=json.dumps(context),
        CONTEXT_OVERFLOW_LOCATION_ENV=str(overflow),
    )
    assert done.returncode == 2
    assert done.stderr.startswith("pipeline=from-the-file: no such pipeline")


def test_stacks_of_prod_are_protected_from_being_deleted(dev: Any, prod: Any) -> None:
    for synthesized, protected in ((dev, False), (prod, True)):
        path = synthesized.out / f"assembly-{synthesized.stage}" / "manifest.json"
        stacks = [
            artifact["properties"]
            for artifact in json.loads(path.read_text())["artifacts"].values()
            if artifact["type"] == "aws:cloudformation:stack"
        ]
        assert len(stacks) == len(synthesized.templates) >= 5
        assert all(stack.get("terminationProtection", False) is protected for stack in stacks)


def test_dev_and_prod_have_no_name_in_common(dev: Any, prod: Any) -> None:
    assert prod.only("SageMaker::Endpoint")["EndpointName"] == "digits-prod"
    assert "digits-dev" not in json.dumps(prod.templates)
    assert "digits-prod" not in json.dumps(dev.templates)


def test_everything_is_tagged_but_the_models_parameter(dev: Any) -> None:
    tags = [{"Key": "environment", "Value": "dev"}, {"Key": "pipeline", "Value": "digits"}]
    tagged = [
        resource["Properties"]["Tags"]
        for template in dev.templates.values()
        for resource in template["Resources"].values()
        if isinstance(resource["Properties"].get("Tags"), list)
    ]
    assert len(tagged) > 20
    assert all(found == tags for found in tagged)


def test_nag_makes_synth_fail_on_what_nobody_has_acknowledged(
    context: dict[str, Any], tmp_path: Path
) -> None:
    from aws_cdk import Stage
    from aws_cdk import aws_sns as sns

    app = build_app({**context, "pipeline": "digits"}, out=tmp_path, validate=False)
    stage = app.node.find_child("digits-dev")
    assert isinstance(stage, Stage)
    sns.Topic(stage.node.find_child("foundation"), "Unencrypted")  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    report = (tmp_path / "validation-report.json").read_text()
    assert "AwsSolutions-SNS3" in report


def test_neither_nag_nor_our_own_rules_have_anything_left_to_say(
    dev: Any, prod: Any, removable: Any
) -> None:
    for synthesized in (dev, prod, removable):
        report = synthesized.out / "validation-report.json"
        violations = [
            violation
            for plugin in json.loads(report.read_text()).get("pluginReports", [])
            for violation in plugin.get("violations", [])
        ]
        assert violations == []


def test_cfn_lint_finds_no_error(watched: Any, removable: Any) -> None:
    templates = [
        str(path)
        for synthesized in (watched, removable)
        for path in synthesized.out.glob("assembly-*/*.template.json")
    ]
    lint = str(Path(sys.executable).with_name("cfn-lint"))
    # W3005: CDK adds a dependency that a reference implies already
    done = subprocess.run(
        [lint, "--ignore-checks", "W3005", "--", *templates],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
