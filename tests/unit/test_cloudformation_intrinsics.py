"""Intrinsic functions, conditions and dynamic references of CloudFormation."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.localcloud.cloudformation.errors import TemplateError
from penstock.localcloud.cloudformation.intrinsics import NO_VALUE, Resolver, canonical


class FakeScope:
    """Fixed values for every name."""

    values = {
        "Env": "dev",
        "Empty": "",
        "Sizes": ["1", "2", "3"],
        "AWS::Region": "eu-west-1",
        "AWS::NoValue": NO_VALUE,
        "Bucket": "the-bucket",
    }

    def ref(self, name: str) -> Any:
        return self.values[name]

    def attribute(self, logical_id: str, name: str) -> Any:
        return f"{logical_id}/{name}"

    def mappings(self) -> dict[str, Any]:
        return {"Images": {"eu-west-1": {"learner": "438346466558"}}}

    def condition(self, name: str) -> bool:
        return {"Yes": True, "No": False}[name]

    def imported(self, export: str) -> Any:
        return f"imported {export}"

    def stack_output(self, stack: str, output: str) -> Any:
        return f"{stack}.{output}"

    def dynamic(self, service: str, reference: str) -> str:
        return f"<{service} {reference}>"

    def zones(self, region: str) -> list[str]:
        return [f"{region}a", f"{region}b"]


@pytest.fixture
def resolver() -> Resolver:
    return Resolver(FakeScope())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Env"}, "dev"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "Bucket/Arn"),
        ({"Fn::GetAtt": "Nested.Outputs.Name"}, "Nested/Outputs.Name"),
        ({"Fn::Sub": "a-${Env}-${Bucket.Arn}-${!Env}"}, "a-dev-Bucket/Arn-${Env}"),
        ({"Fn::Sub": ["${x}-${Env}", {"x": {"Ref": "Bucket"}}]}, "the-bucket-dev"),
        ({"Fn::Join": ["/", ["a", {"Ref": "Env"}, 5, True]]}, "a/dev/5/true"),
        ({"Fn::Join": [",", {"Ref": "Sizes"}]}, "1,2,3"),
        ({"Fn::Join": ["-", ["a", {"Ref": "AWS::NoValue"}]]}, "a"),
        ({"Fn::Select": ["1", {"Ref": "Sizes"}]}, "2"),
        ({"Fn::Select": [0, {"Fn::Split": [":", "x:y"]}]}, "x"),
        ({"Fn::FindInMap": ["Images", {"Ref": "AWS::Region"}, "learner"]}, "438346466558"),
        ({"Fn::FindInMap": ["Images", "mars", "learner", {"DefaultValue": "none"}]}, "none"),
        ({"Fn::ImportValue": {"Fn::Sub": "${Env}-key"}}, "imported dev-key"),
        ({"Fn::GetStackOutput": {"StackName": "s", "OutputName": "o"}}, "s.o"),
        ({"Fn::If": ["Yes", "a", "b"]}, "a"),
        ({"Fn::If": ["No", "a", "b"]}, "b"),
        ({"Fn::Base64": {"Ref": "Env"}}, "ZGV2"),
        ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b"]),
        ({"Fn::Length": {"Ref": "Sizes"}}, 3),
        ({"Fn::ToJsonString": {"a": {"Ref": "Env"}, "n": 1}}, '{"a":"dev","n":1}'),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ("{{resolve:ssm:/a/b:3}}", "<ssm /a/b:3>"),
        ({"Fn::Sub": "x {{resolve:ssm:/${Env}/b}}"}, "x <ssm /dev/b>"),
    ],
)
def test_function_gives_its_documented_value(resolver: Resolver, value: Any, expected: Any) -> None:
    assert resolver.resolve(value) == expected


def test_no_value_leaves_out_properties_and_items(resolver: Resolver) -> None:
    value = {
        "Kept": 1,
        "Gone": {"Ref": "AWS::NoValue"},
        "List": [{"Fn::If": ["No", "x", {"Ref": "AWS::NoValue"}]}, "y"],
    }
    assert resolver.resolve(value) == {"Kept": 1, "List": ["y"]}


def test_only_the_chosen_branch_is_evaluated(resolver: Resolver) -> None:
    assert resolver.resolve({"Fn::If": ["Yes", "a", {"Ref": "Missing"}]}) == "a"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"Fn::Transform": {"Name": "x"}}, "Fn::Transform"),
        ({"Fn::ForEach::Loop": []}, "Fn::ForEach::Loop"),
        ({"Fn::Select": [7, ["a"]]}, "item 7"),
        ({"Fn::FindInMap": ["Images", "mars", "learner"]}, "Images::mars::learner"),
        ({"Fn::Join": ["-", [["nested"]]]}, "Fn::Join"),
        ("{{resolve:vault:x}}", "dynamic reference"),
        ({"Fn::Sub": "${Sizes}"}, "Fn::Sub"),
    ],
)
def test_what_cannot_be_resolved_is_named(resolver: Resolver, value: Any, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        resolver.resolve(value)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"Fn::Equals": [{"Ref": "Env"}, "dev"]}, True),
        ({"Fn::Equals": [{"Ref": "Empty"}, ""]}, True),
        ({"Fn::Equals": [1, "1"]}, True),
        ({"Fn::Not": [{"Fn::Equals": [{"Ref": "Env"}, "prod"]}]}, True),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False),
        ({"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]}, True),
        ({"Fn::Contains": [["1", "2"], {"Ref": "Env"}]}, False),
    ],
)
def test_condition(resolver: Resolver, expression: Any, expected: bool) -> None:
    assert resolver.test(expression) is expected


def test_unknown_condition_function_is_named(resolver: Resolver) -> None:
    with pytest.raises(TemplateError, match="Fn::EachMemberIn"):
        resolver.test({"Fn::EachMemberIn": [["a"], ["a"]]})


def test_scalars_compare_as_text() -> None:
    assert canonical({"a": [1, True, "x"]}) == canonical({"a": ["1", "true", "x"]})
    assert canonical({"a": 1}) != canonical({"a": "01"})
