"""Our own rules inside synth: a breach ends it, an acknowledgement with a reason lets it pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack, Stage
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_stepfunctions as sfn

from pipelines.spec import Capture, Monitor
from stacks.rules import acknowledge_rule, add_own_rules
from tests.synth.conftest import synthesized, watched_by


def app_with_open_model(out: Path, reason: str | None) -> App:
    app = App(outdir=str(out), analytics_reporting=False, builtin_cloud_formation_validation=False)
    stack = Stack(Stage(app, "stage"), "stack")
    model = sagemaker.CfnModel(stack, "Model", enable_network_isolation=False)
    if reason is not None:
        acknowledge_rule(model, "NetworkIsolation", reason=reason)
    add_own_rules(app)
    return app


def report(out: Path) -> list[dict[str, Any]]:
    reports = json.loads((out / "validation-report.json").read_text())["pluginReports"]
    return [found for found in reports if found["pluginName"] == "Penstock"]


def test_a_breach_ends_synth_with_path_rule_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError) as raised:
        app_with_open_model(tmp_path, None).synth()
    message = str(raised.value)
    assert "stage/stack/Model" in message
    assert "EnableNetworkIsolation: it is False" in message
    assert "Suggested fix: set EnableNetworkIsolation to true" in message
    assert "Acknowledge with 'Penstock::NetworkIsolation'" in message


def test_an_acknowledgement_lets_it_pass_and_its_reason_is_reported(tmp_path: Path) -> None:
    app_with_open_model(tmp_path, "its container fetches a licence").synth()
    (found,) = report(tmp_path)
    assert found["violations"] == []
    assert [acknowledged["reason"] for acknowledged in found["suppressedViolations"]] == [
        "its container fetches a licence"
    ]


def test_a_state_is_acknowledged_by_its_name_and_the_others_are_not(tmp_path: Path) -> None:
    app = App(
        outdir=str(tmp_path), analytics_reporting=False, builtin_cloud_formation_validation=False
    )
    task = {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createModel", "Parameters": {}}
    machine = sfn.CfnStateMachine(
        Stack(app, "stack"),
        "Machine",
        role_arn="arn:aws:iam::111122223333:role/machine",
        definition={"StartAt": "Open", "States": {"Open": task, "Forgotten": task}},
    )
    acknowledge_rule(machine, "NetworkIsolation[Open]", reason="it fetches a licence")
    add_own_rules(app)
    with pytest.raises(RuntimeError, match=r"Penstock::NetworkIsolation\[Forgotten\]"):
        app.synth()
    (found,) = report(tmp_path)
    assert [one["ruleName"] for one in found["violations"]] == ["NetworkIsolation[Forgotten]"]
    assert [one["ruleName"] for one in found["suppressedViolations"]] == ["NetworkIsolation[Open]"]


def test_what_model_monitor_needs_is_acknowledged_as_retired(
    context: dict[str, Any], tmp_path: Path
) -> None:
    pipeline = watched_by(Monitor(engine="model-monitor"), None, Capture(percentage=100))
    synthesized(context, tmp_path, pipeline)
    (found,) = report(tmp_path)
    assert found["violations"] == []
    assert {
        construct["constructPath"]
        for one in found["suppressedViolations"]
        if one["ruleName"] == "NoRetiredService"
        and one["reason"].startswith("the pipeline asks for engine model-monitor")
        for construct in one["violatingConstructs"]
    } == {"digits-dev/serving/Monitor/Definition", "digits-dev/serving/Monitor/Schedule"}
