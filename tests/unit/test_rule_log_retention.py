"""LogRetention: every log group has a retention, those that a service would begin included."""

from __future__ import annotations

from penstock.rules.log_retention import RULE
from tests.unit.ruled import found, resource


def test_groups_with_a_retention_pass() -> None:
    assert not found(
        RULE,
        {
            "Logs": resource("Logs::LogGroup", RetentionInDays=30),
            "Function": resource("Lambda::Function", LoggingConfig={"LogGroup": {"Ref": "Logs"}}),
            "Old": resource("Lambda::Function"),
            "OldLogs": resource(
                "Logs::LogGroup",
                LogGroupName={"Fn::Join": ["", ["/aws/lambda/", {"Ref": "Old"}]]},
                RetentionInDays=30,
            ),
        },
        {"Endpoint": resource("SageMaker::Endpoint", EndpointName="digits-dev")},
        {
            "Hosting": resource(
                "Logs::LogGroup",
                LogGroupName="/aws/sagemaker/Endpoints/digits-dev",
                RetentionInDays=30,
            )
        },
    )


def test_a_group_without_one_and_groups_that_services_would_begin_are_found() -> None:
    assert found(
        RULE,
        {
            "Logs": resource("Logs::LogGroup"),
            "Function": resource("Lambda::Function", FunctionName="ask"),
            "Endpoint": resource("SageMaker::Endpoint"),
        },
    ) == {
        "LogRetention Logs.Properties.RetentionInDays": "no retention, so its events are kept "
        "for ever",
        "LogRetention Function.Properties.FunctionName": "the service will begin /aws/lambda/ask, "
        "without retention and key",
        "LogRetention Endpoint.Properties.EndpointName": "the service will begin "
        "/aws/sagemaker/Endpoints/${Endpoint}, without retention and key",
    }
