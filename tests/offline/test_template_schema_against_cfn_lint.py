"""What is refused before a deploy is what cfn-lint itself finds wrong, by the same rules."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from penstock.localcloud.assembly import read_assembly
from penstock.localcloud.cloudformation.template import Template
from penstock.localcloud.schema.check import violations
from tests.foreign.assembly import changed, resource, synthesize
from tests.offline.cloudformation_zoo import zoo

pytestmark = pytest.mark.offline

WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "UnknownProperty": ("SQS::Queue", {"Colour": "red"}),
    "WrongType": ("SQS::Queue", {"VisibilityTimeout": "soon"}),
    "Missing": ("SSM::Parameter", {"Type": "String"}),
    "Enumeration": ("SSM::Parameter", {"Type": "Text", "Value": "x"}),
    "Pattern": ("Kinesis::Stream", {"Name": "a stream", "ShardCount": 1}),
    "Twice": ("SNS::Subscription", {"Protocol": "sqs", "TopicArn": {"Ref": "Topic"}, "X": 1}),
    "Number": ("SQS::Queue", {"DelaySeconds": 901}),
    "Attribute": ("SSM::Parameter", {"Type": "String", "Value": {"Fn::GetAtt": ["Topic", "Url"]}}),
    "Topic": ("SNS::Topic", {}),
}
# of cfn-lint's rules those that come from the schemas, and reads of attributes
SCHEMA_RULES = ("E1010", "E30")


def found_by_cfn_lint(template: dict[str, Any]) -> set[tuple[str, str]]:
    matches = lint(json.dumps(template), config=ManualArgs(regions=["us-east-1"]))
    return {
        (str(match.path[1]), match.rule.id)
        for match in matches
        if match.rule.id.startswith(SCHEMA_RULES)
    }


def found_here(template: dict[str, Any]) -> set[tuple[str, str]]:
    lines = violations(Template.parse(json.dumps(template)), "s", "us-east-1")
    matches = [re.fullmatch(r"s/(\w+).*\((E\d+)\)", line) for line in lines]
    return {(match[1], match[2]) for match in matches if match}


def test_wrong_templates_are_refused_by_the_same_rules() -> None:
    template = {
        "Resources": {
            name: {"Type": f"AWS::{kind}", "Properties": properties}
            for name, (kind, properties) in WRONG.items()
        }
    }
    here = found_here(template)
    assert {name for name, _ in here} == set(WRONG) - {"Topic"}
    assert here == found_by_cfn_lint(template)


def test_a_template_with_every_type_is_right_for_both() -> None:
    assert found_by_cfn_lint(zoo(1)) == set()
    assert found_here(zoo(1)) == set()


def test_an_app_that_knows_nothing_of_this_project_is_looked_at_too(tmp_path: Path) -> None:
    def misspelt(template: dict[str, Any]) -> None:
        function = resource(template, "ReadingsLineWriter", "AWS::Lambda::Function")
        function["Properties"]["TimeOut"] = 30

    assembly = synthesize(tmp_path / "cdk.out")
    edited = changed(assembly, tmp_path / "edited", misspelt)
    (right,), (wrong,) = read_assembly(assembly).stacks, read_assembly(edited).stacks
    assert violations(right.template, right.name, "us-east-1") == []
    (line,) = violations(wrong.template, wrong.name, "us-east-1")
    assert "TimeOut: there is no such property; allowed: Timeout" in line
