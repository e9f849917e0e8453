"""Templates, their parameters, and what a template asks for under its conditions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.localcloud.cloudformation.errors import TemplateError
from penstock.localcloud.cloudformation.model import Model, Outside
from penstock.localcloud.cloudformation.policy import check, denial
from penstock.localcloud.cloudformation.template import Template

ANY = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


def template(**sections: Any) -> Template:
    return Template.parse(json.dumps({**ANY, **sections}))


def nothing(*names: str) -> Any:
    raise AssertionError(f"nobody should ask for {names}")


def model(
    document: dict[str, Any], given: dict[str, str] | None = None, ssm: str = "none"
) -> Model:
    parsed = Template.parse(json.dumps(document))
    return Model(
        template=parsed,
        parameters=parsed.parameter_values(given or {}, lambda name: ssm),
        pseudo={"AWS::Region": "us-east-1"},
        tags={},
        outside=Outside(imported=nothing, stack_output=nothing, dynamic=nothing, zones=nothing),
        resources={},
    )


class TestParsing:
    def test_yaml_short_forms_become_functions(self) -> None:
        parsed = Template.parse(
            "Resources:\n"
            "  Topic:\n"
            "    Type: AWS::SNS::Topic\n"
            "    Properties:\n"
            "      DisplayName: !Sub '${AWS::Region}'\n"
            "      TopicName: !GetAtt Other.TopicName\n"
            "      Tags: [!Ref Other, !If [C, !Ref A, 2012-10-17]]\n"
        )
        assert parsed.resources["Topic"]["Properties"] == {
            "DisplayName": {"Fn::Sub": "${AWS::Region}"},
            "TopicName": {"Fn::GetAtt": ["Other", "TopicName"]},
            "Tags": [{"Ref": "Other"}, {"Fn::If": ["C", {"Ref": "A"}, "2012-10-17"]}],
        }

    @pytest.mark.parametrize(
        ("document", "words"),
        [
            ({}, "At least one Resources"),
            ({**ANY, "Resource": {}}, r"\[Resource\]"),
            ({"Resources": {"A": {"Properties": {}}}}, "resource A has no Type"),
            ({"Resources": {"A": {"Type": "T", "Depends": "B"}}}, "Depends"),
            ({"Resources": {"A": {"Type": "T", "CreationPolicy": {}}}}, "CreationPolicy"),
            ({"Resources": {"A": {"Type": "T", "DeletionPolicy": "Keep"}}}, "'Keep'"),
            ({**ANY, "Transform": "AWS::Serverless-2016-10-31"}, "AWS::Serverless"),
        ],
    )
    def test_what_is_not_understood_is_named(self, document: dict[str, Any], words: str) -> None:
        with pytest.raises(TemplateError, match=words):
            Template.parse(json.dumps(document))

    def test_neither_json_nor_yaml(self) -> None:
        with pytest.raises(TemplateError, match="not JSON or YAML"):
            Template.parse("{ [")


class TestParameters:
    def test_given_value_wins_over_default(self) -> None:
        parsed = template(Parameters={"P": {"Type": "String", "Default": "a"}})
        assert parsed.parameter_values({}, nothing)["P"].value == "a"
        assert parsed.parameter_values({"P": "b"}, nothing)["P"].value == "b"

    def test_lists_are_split(self) -> None:
        parsed = template(Parameters={"P": {"Type": "CommaDelimitedList", "Default": "a, b"}})
        assert parsed.parameter_values({}, nothing)["P"].value == ["a", "b"]

    def test_ssm_value_is_read_each_time_and_its_name_kept(self) -> None:
        parsed = template(
            Parameters={
                "P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/model"},
                "L": {"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/list"},
            }
        )
        store = {"/model": "none", "/list": "x,y"}
        first = parsed.parameter_values({}, store.__getitem__)
        store["/model"] = "arn"
        second = parsed.parameter_values({}, store.__getitem__)
        assert (first["P"].given, first["P"].value) == ("/model", "none")
        assert (second["P"].given, second["P"].value) == ("/model", "arn")
        assert second["L"].value == ["x", "y"]

    def test_ssm_name_is_not_read(self) -> None:
        parsed = template(
            Parameters={"P": {"Type": "AWS::SSM::Parameter::Name", "Default": "/model"}}
        )
        assert parsed.parameter_values({}, nothing)["P"].value == "/model"

    @pytest.mark.parametrize(
        ("definition", "given", "words"),
        [
            ({"Type": "String", "AllowedValues": ["dev", "prod"]}, "test", "dev, prod"),
            ({"Type": "String", "AllowedPattern": "[a-z]+"}, "A1", r"\[a-z\]\+"),
            ({"Type": "Number", "MinValue": 3}, "2", "not less than 3"),
            ({"Type": "Number", "MaxValue": "3"}, "4", "not greater than 3"),
            ({"Type": "Number"}, "many", "must be a number"),
            ({"Type": "String", "MinLength": 2}, "a", "at least 2"),
            ({"Type": "String", "MaxLength": 2}, "abc", "at most 2"),
            (
                {"Type": "String", "AllowedPattern": "x", "ConstraintDescription": "is an x"},
                "y",
                "is an x",
            ),
            ({"Type": "Strings"}, "a", "'Strings'"),
        ],
    )
    def test_value_against_a_rule_is_refused(
        self, definition: dict[str, Any], given: str, words: str
    ) -> None:
        with pytest.raises(TemplateError, match=words):
            template(Parameters={"P": definition}).parameter_values({"P": given}, nothing)

    def test_missing_and_unknown_parameters_are_named(self) -> None:
        parsed = template(Parameters={"P": {"Type": "String"}})
        with pytest.raises(TemplateError, match=r"\[P\] must have values"):
            parsed.parameter_values({}, nothing)
        with pytest.raises(TemplateError, match=r"\[Q\] do not exist"):
            parsed.parameter_values({"P": "1", "Q": "2"}, nothing)


class TestModel:
    DOCUMENT = {
        "Parameters": {"Model": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/m"}},
        "Conditions": {"HasModel": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Model"}, "none"]}]}},
        "Resources": {
            "Always": {"Type": "AWS::SNS::Topic"},
            "Maybe": {"Type": "AWS::SNS::Topic", "Condition": "HasModel"},
            "After": {"Type": "AWS::SNS::Topic", "DependsOn": "Maybe"},
        },
        "Outputs": {"O": {"Condition": "HasModel", "Value": {"Ref": "Maybe"}}},
    }

    def test_condition_on_an_ssm_parameter_chooses_resources(self) -> None:
        assert set(model(self.DOCUMENT, ssm="none").active) == {"Always", "After"}
        assert set(model(self.DOCUMENT, ssm="arn").active) == {"Always", "Maybe", "After"}

    def test_depends_on_orders_and_ignores_what_is_not_there(self) -> None:
        with_it = model(self.DOCUMENT, ssm="arn")
        assert with_it.order.index("Maybe") < with_it.order.index("After")
        assert model(self.DOCUMENT, ssm="none").dependencies["After"] == set()

    def test_reference_to_a_resource_whose_condition_is_false_is_refused(self) -> None:
        document = json.loads(json.dumps(self.DOCUMENT))
        document["Outputs"]["O"].pop("Condition")
        with pytest.raises(TemplateError, match=r"\[Maybe\] in the Outputs block"):
            model(document, ssm="none")

    def test_reference_to_nothing_is_refused(self) -> None:
        document = {
            "Resources": {
                "A": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Ghost"}}}
            }
        }
        with pytest.raises(TemplateError, match=r"\[Ghost\].*resource A"):
            model(document)

    def test_bootstrap_rule_is_evaluated(self) -> None:
        document = {
            **ANY,
            "Parameters": {
                "BootstrapVersion": {
                    "Type": "AWS::SSM::Parameter::Value<String>",
                    "Default": "/cdk-bootstrap/hnb659fds/version",
                }
            },
            "Rules": {
                "CheckBootstrapVersion": {
                    "Assertions": [
                        {
                            "Assert": {
                                "Fn::Not": [
                                    {"Fn::Contains": [["1", "5"], {"Ref": "BootstrapVersion"}]}
                                ]
                            },
                            "AssertDescription": "version 6 required",
                        }
                    ]
                }
            },
        }
        assert model(document, ssm="30").order == ["Topic"]
        with pytest.raises(TemplateError, match="version 6 required"):
            model(document, ssm="5")


class TestStackPolicy:
    DENY_DELETE = json.dumps(
        {
            "Statement": [
                {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
                {
                    "Effect": "Deny",
                    "Action": ["Update:Delete", "Update:Replace"],
                    "Principal": "*",
                    "Resource": "LogicalResourceId/Endpoint",
                },
            ]
        }
    )

    def test_denied_action_names_its_statement(self) -> None:
        said = denial(self.DENY_DELETE, "Update:Delete", "Endpoint", "AWS::SageMaker::Endpoint")
        assert said is not None
        assert "Statement [#2]" in said

    def test_other_actions_and_resources_are_allowed(self) -> None:
        kind = "AWS::SageMaker::Endpoint"
        assert denial(self.DENY_DELETE, "Update:Modify", "Endpoint", kind) is None
        assert denial(self.DENY_DELETE, "Update:Delete", "Other", kind) is None

    def test_no_policy_allows_everything_and_an_empty_one_nothing(self) -> None:
        assert denial("", "Update:Delete", "X", "T") is None
        assert denial('{"Statement": []}', "Update:Modify", "X", "T") is not None

    def test_condition_on_the_type(self) -> None:
        policy = json.dumps(
            {
                "Statement": [
                    {"Effect": "Allow", "Action": "Update:*", "Resource": "*"},
                    {
                        "Effect": "Deny",
                        "Action": "Update:*",
                        "Resource": "*",
                        "Condition": {"StringLike": {"ResourceType": ["AWS::S3::*"]}},
                    },
                ]
            }
        )
        assert denial(policy, "Update:Modify", "B", "AWS::S3::Bucket") is not None
        assert denial(policy, "Update:Modify", "B", "AWS::SNS::Topic") is None

    @pytest.mark.parametrize("body", ["no json", "{}", '{"Statement": [{"Effect": "Perhaps"}]}'])
    def test_what_is_no_policy_is_refused(self, body: str) -> None:
        with pytest.raises(TemplateError, match="stack policy"):
            check(body)
