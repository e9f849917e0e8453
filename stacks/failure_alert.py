"""How a state machine says that it failed: a message to the alerts topic, then Fail."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.permission import Permission, allow
from stacks.policies import encrypt_with
from stacks.sdk_call import sdk_call


def failure_alert(
    scope: Construct, *, subject: str, error: str, alerts: sns.ITopic
) -> sfn.IChainable:
    """The states Alert and one named after the error; the message is the state's whole input."""
    alert = sdk_call(
        scope,
        "Alert",
        "sns:publish",
        {
            "TopicArn": alerts.topic_arn,
            "Subject": subject,
            "Message.$": "States.JsonToString($)",
        },
        result_path="$.alert",
    )
    return alert.next(
        sfn.Fail(scope, error, state_name=error, error=error, cause_path="States.JsonToString($)")
    )


def alert_of_failed_tasks(
    scope: Construct, *, subject: str, error: str, alerts: sns.ITopic
) -> None:
    """The same for every task below `scope` so far, but for those that handle their own failures.

    States that fail on purpose, such as a gate that is missed, stay as they are.
    """
    tasks = [
        state
        for state in scope.node.find_all()
        if isinstance(state, sfn.CustomState)
        and state.to_state_json()["Type"] == "Task"
        and "Catch" not in state.to_state_json()
    ]
    failed = failure_alert(scope, subject=subject, error=error, alerts=alerts)
    for task in tasks:
        task.add_catch(failed, errors=["States.ALL"], result_path="$.error")


def refusal(scope: Construct, name: str, *, cause: str, failed: sfn.IChainable) -> sfn.IChainable:
    """A state that says what was wrong, where no call has failed, and goes on to the alert."""
    return sfn.Pass(
        scope,
        name,
        state_name=name,
        parameters={"Error": name, "Cause": cause},
        result_path="$.error",
    ).next(failed)


def send_alerts(alerts: sns.ITopic, key: kms.IKey) -> list[Permission]:
    """Publishing to the topic, which the pipeline's key encrypts."""
    return [allow(["sns:Publish"], [alerts.topic_arn]), encrypt_with(key)]
