"""Serving: it deploys before any model exists, and nothing outside leans on its conditions."""

from __future__ import annotations

import json
from typing import Any

CONDITIONAL = ("SageMaker::Model", "SageMaker::EndpointConfig", "SageMaker::Endpoint")


def test_the_model_comes_from_parameter_store_alone(dev: Any) -> None:
    template = dev.templates["serving"]
    assert set(template["Parameters"]) == {"ModelPackageArn"}
    parameter = template["Parameters"]["ModelPackageArn"]
    assert parameter["Type"] == "AWS::SSM::Parameter::Value<String>"
    assert parameter["Default"] == dev.only("SSM::Parameter")["Name"]
    assert template["Conditions"] == {
        "HasModel": {"Fn::Not": [{"Fn::Equals": [{"Ref": "ModelPackageArn"}, "none"]}]}
    }
    assert "Rules" not in template


def test_model_configuration_and_endpoint_wait_for_a_model(dev: Any) -> None:
    for kind in CONDITIONAL:
        (resource,) = dev.resources(kind).values()
        assert resource["Condition"] == "HasModel", kind


def test_the_model_is_isolated_and_its_role_lives_elsewhere(dev: Any) -> None:
    model = dev.only("SageMaker::Model")
    assert model["EnableNetworkIsolation"] is True
    assert model["PrimaryContainer"] == {"ModelPackageName": {"Ref": "ModelPackageArn"}}
    assert "digits-dev-training:" in json.dumps(model["ExecutionRoleArn"])
    assert not dev.resources("IAM::Role", "serving")


def test_the_endpoint_has_its_name_and_everything_else_a_generated_one(dev: Any) -> None:
    endpoint = dev.only("SageMaker::Endpoint")
    assert endpoint["EndpointName"] == "digits-dev"
    assert endpoint["EndpointConfigName"] == {
        "Fn::GetAtt": ["DigitsDevConfig", "EndpointConfigName"]
    }
    assert "ModelName" not in dev.only("SageMaker::Model")
    assert "EndpointConfigName" not in dev.only("SageMaker::EndpointConfig")


def test_the_endpoint_goes_before_its_log_group(dev: Any) -> None:
    """A hosting container that still runs would make the group again, and nobody would own it."""
    (endpoint,) = dev.resources("SageMaker::Endpoint").values()
    assert endpoint["DependsOn"] == list(dev.resources("Logs::LogGroup", "serving"))


def test_volumes_are_encrypted_where_they_are_ebs(dev: Any) -> None:
    config = dev.only("SageMaker::EndpointConfig")
    assert "ExportsOutputFnGetAttKey" in json.dumps(config["KmsKeyId"])
    (variant,) = config["ProductionVariants"]
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.m5.large", 1)


def test_nothing_outside_refers_to_a_conditional_resource(dev: Any) -> None:
    assert dev.templates["serving"]["Outputs"] == {"EndpointName": {"Value": "digits-dev"}}
    for layer, template in dev.templates.items():
        assert "digits-dev-serving:" not in json.dumps(template), layer


def test_serving_is_deployed_after_the_parameter_exists(dev: Any) -> None:
    manifest = json.loads((dev.out / "assembly-digits-dev" / "manifest.json").read_text())
    stacks = {
        artifact["properties"]["stackName"]: artifact["dependencies"]
        for artifact in manifest["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    assert any("training" in name for name in stacks["digits-dev-serving"])


def test_an_alarm_on_errors_is_there_before_the_endpoint_is(dev: Any) -> None:
    (alarm,) = dev.resources("CloudWatch::Alarm", "serving").values()
    assert "Condition" not in alarm
    properties = alarm["Properties"]
    assert properties["MetricName"] == "Invocation5XXErrors"
    assert {one["Name"]: one["Value"] for one in properties["Dimensions"]} == {
        "EndpointName": "digits-dev",
        "VariantName": "main",
    }
    assert "digits-dev-foundation:ExportsOutputRefAlerts" in json.dumps(properties["AlarmActions"])
    assert properties["TreatMissingData"] == "notBreaching"
