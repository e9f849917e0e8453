"""Asks a rule what it finds in templates made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from penstock.rules.rule import Rule
from penstock.rules.templates import Templates

Body = dict[str, Any]


def resource(kind: str, **properties: Any) -> Body:
    """A resource of a type such as 'SageMaker::Model'."""
    return {"Type": f"AWS::{kind}", "Properties": properties}


def machine(**states: Body) -> Body:
    """A state machine, its definition as CDK writes it: text in pieces, with references."""
    start, end = json.dumps({"StartAt": next(iter(states)), "States": states}).split("aws", 1)
    pieces = [f"{start}", {"Ref": "AWS::Partition"}, end]
    return resource("StepFunctions::StateMachine", DefinitionString={"Fn::Join": ["", pieces]})


def call(action: str, **parameters: Any) -> Body:
    """A state that calls SageMaker, such as 'createTrainingJob.sync'."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::sagemaker:{action}",
        "Parameters": parameters,
        "End": True,
    }


def found(rule: Rule, *stacks: dict[str, Body], outputs: Body | None = None) -> dict[str, str]:
    """What the rule finds: the name for an acknowledgement and the place, to what is wrong.

    The stacks are one deployment; `outputs` are those of the first.
    """
    templates = Templates(
        {
            Path(f"stack{number}.template.json"): {
                "Resources": resources,
                "Outputs": (outputs or {}) if number == 0 else {},
            }
            for number, resources in enumerate(stacks)
        }
    )
    return {
        f"{rule.name_for(breach)} {breach.resource.logical_id}.{breach.path}": breach.what
        for breach in rule.check(templates)
    }
