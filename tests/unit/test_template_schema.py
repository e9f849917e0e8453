"""Templates that CloudFormation's own schemas refuse: one line each, and nothing else refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.localcloud.cloudformation.template import Template
from penstock.localcloud.schema.check import violations

REGION = "us-east-1"
PERHAPS = {"Fn::Equals": [{"Ref": "AWS::Region"}, REGION]}


def refused(region: str = REGION, **resources: tuple[str, dict[str, Any]]) -> list[str]:
    template = {
        "Conditions": {"Perhaps": PERHAPS},
        "Resources": {
            logical_id: {"Type": f"AWS::{kind}", "Properties": properties}
            for logical_id, (kind, properties) in resources.items()
        },
    }
    return violations(Template.parse(json.dumps(template)), "lake", region)


def queue(**properties: Any) -> list[str]:
    return refused(Q=("SQS::Queue", properties))


def alarm(**properties: Any) -> list[str]:
    plain = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1}
    return refused(A=("CloudWatch::Alarm", {**plain, "MetricName": "m", **properties}))


class TestRefused:
    def test_unknown_property_with_what_is_near(self) -> None:
        (line,) = queue(VisibilityTimeuot=30)
        assert line.startswith(
            "lake/Q.VisibilityTimeuot: there is no such property; allowed: Visib"
        )
        assert line.endswith("(E3002)")

    def test_unknown_property_deep_inside(self) -> None:
        rules = [{"Status": "Enabled", "ExpireInDays": 3}]
        (line,) = refused(B=("S3::Bucket", {"LifecycleConfiguration": {"Rules": rules}}))
        assert line.startswith("lake/B.LifecycleConfiguration.Rules[0].ExpireInDays: ")
        assert "ExpirationInDays" in line

    def test_type_that_the_region_does_not_have(self) -> None:
        (line,) = refused(X=("Mars::Rover", {}))
        assert line == "lake/X.Type: us-east-1 has no type AWS::Mars::Rover (E3006)"

    @pytest.mark.parametrize(
        ("properties", "said"),
        [
            ({"VisibilityTimeout": "soon"}, '.VisibilityTimeout: "soon" must be integer (E3012)'),
            ({"VisibilityTimeout": {"Seconds": 3}}, "must be integer (E3012)"),
            ({"FifoQueue": "perhaps"}, '.FifoQueue: "perhaps" must be boolean (E3012)'),
            ({"Tags": {"a": "b"}}, '.Tags: {"a": "b"} must be array (E3012)'),
        ],
    )
    def test_value_of_the_wrong_type(self, properties: dict[str, Any], said: str) -> None:
        (line,) = queue(**properties)
        assert said in line

    def test_required_property_is_missing(self) -> None:
        (line,) = refused(P=("SSM::Parameter", {"Type": "String"}))
        assert line == "lake/P: Value is missing; required: Value, Type (E3003)"

    def test_no_value_is_as_good_as_missing(self) -> None:
        given = {"Type": "String", "Value": {"Ref": "AWS::NoValue"}}
        (line,) = refused(P=("SSM::Parameter", given))
        assert "Value is missing" in line

    def test_value_outside_of_its_enumeration(self) -> None:
        (line,) = refused(P=("SSM::Parameter", {"Type": "Text", "Value": "x"}))
        assert line == ('lake/P.Type: "Text" is not allowed; allowed: String, StringList (E3030)')

    def test_value_that_does_not_match_its_pattern(self) -> None:
        (line,) = refused(S=("Kinesis::Stream", {"Name": "a stream", "ShardCount": 1}))
        assert line.startswith('lake/S.Name: "a stream" must match ')
        assert line.endswith("(E3031)")

    @pytest.mark.parametrize(
        ("kind", "properties", "rule"),
        [
            ("Kinesis::Stream", {"ShardCount": 0}, "E3034"),
            ("Kinesis::Stream", {"Name": "", "ShardCount": 1}, "E3033"),
            (
                "Lambda::EventInvokeConfig",
                {"FunctionName": "f", "Qualifier": "$LATEST", "MaximumRetryAttempts": 3},
                "E3034",
            ),
            ("SageMaker::Model", {"Tags": [{"Key": "a", "Value": "b"}] * 51}, "E3032"),
        ],
    )
    def test_value_past_its_bounds(self, kind: str, properties: dict[str, Any], rule: str) -> None:
        lines = refused(X=(kind, properties))
        assert any(line.endswith(f"({rule})") for line in lines), lines

    def test_item_that_comes_twice(self) -> None:
        key = [{"AttributeName": "k", "AttributeType": "S"}] * 2
        schema = [{"AttributeName": "k", "KeyType": "HASH"}]
        lines = refused(T=("DynamoDB::Table", {"KeySchema": schema, "AttributeDefinitions": key}))
        assert any("AttributeDefinitions[1]" in line and "E3037" in line for line in lines), lines

    def test_properties_that_exclude_each_other(self) -> None:
        lines = alarm(Statistic="Sum", ExtendedStatistic="p90")
        assert lines == [
            "lake/A.ExtendedStatistic: Statistic must not be given with ExtendedStatistic (E3020)",
            "lake/A.Statistic: ExtendedStatistic must not be given with Statistic (E3020)",
        ]

    def test_none_of_the_ways_that_there_are(self) -> None:
        (line,) = refused(R=("Events::Rule", {"State": "ENABLED"}))
        assert line.endswith("one of EventPattern, ScheduleExpression must be given (E3058)")

    def test_property_that_only_the_service_sets(self) -> None:
        (line,) = refused(S=("Kinesis::Stream", {"ShardCount": 1, "Arn": "arn:aws:kinesis"}))
        assert line == "lake/S.Arn: only the service sets it (E3040)"

    @pytest.mark.parametrize(
        "reads",
        [
            {"Fn::GetAtt": ["Q", "Url"]},
            {"Fn::GetAtt": "Q.Url"},
            {"Fn::Sub": "see ${Q.Url}"},
            {"Fn::Join": ["", ["a", {"Fn::GetAtt": ["Q", "Url"]}]]},
            {"Fn::If": ["Perhaps", {"Fn::GetAtt": ["Q", "Url"]}, "x"]},
        ],
    )
    def test_attribute_that_does_not_exist(self, reads: Any) -> None:
        (line,) = refused(
            Q=("SQS::Queue", {}), P=("SSM::Parameter", {"Type": "String", "Value": reads})
        )
        assert line.startswith("lake/P.Value")
        assert "Q (AWS::SQS::Queue) has no attribute Url; allowed: " in line
        assert "Arn" in line
        assert line.endswith("(E1010)")

    def test_both_sides_of_a_condition_are_looked_at(self) -> None:
        timeout = {"Fn::If": ["Perhaps", 30, "soon"]}
        (line,) = queue(VisibilityTimeout=timeout)
        assert line.startswith('lake/Q.VisibilityTimeout.Fn::If[2]: "soon" must be')

    def test_every_violation_has_a_line(self) -> None:
        lines = queue(Colour="red", VisibilityTimeout="soon", DelaySeconds=901)
        assert [line.rsplit("(", 1)[1] for line in lines] == ["E3002)", "E3012)", "E3034)"]


class TestLeftAlone:
    @pytest.mark.parametrize(
        "properties",
        [
            {"VisibilityTimeout": "30", "FifoQueue": "true", "QueueName": 7},
            {"VisibilityTimeout": {"Ref": "AWS::NoValue"}},
            {"VisibilityTimeout": {"Fn::GetAtt": ["Q", "Arn"]}},
            {"VisibilityTimeout": "{{resolve:ssm:/timeout}}"},
            {
                "Tags": {
                    "Fn::If": ["Perhaps", [{"Key": "a", "Value": "b"}], {"Ref": "AWS::NoValue"}]
                }
            },
        ],
    )
    def test_what_only_the_deployment_knows(self, properties: dict[str, Any]) -> None:
        assert queue(**properties) == []

    def test_an_empty_resource_with_nothing_required(self) -> None:
        assert queue() == []

    def test_one_of_two_ways_by_a_condition(self) -> None:
        lines = alarm(
            Statistic={"Fn::If": ["Perhaps", "Sum", {"Ref": "AWS::NoValue"}]}, Threshold=1
        )
        assert lines == []

    def test_literal_sub_and_names_of_its_own(self) -> None:
        value = {"Fn::Sub": ["${!Q.Url} ${Q.Mine}", {"Q.Mine": "x"}]}
        assert (
            refused(Q=("SQS::Queue", {}), P=("SSM::Parameter", {"Type": "String", "Value": value}))
            == []
        )
