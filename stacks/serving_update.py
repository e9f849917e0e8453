"""States that have CloudFormation update the serving stack, and wait for what comes of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.names import Names
from stacks.permission import Permission, allow
from stacks.policies import pass_role
from stacks.sdk_call import sdk_call
from stacks.serving import MODEL_PARAMETER, SWITCH_PARAMETER

POLL_SECONDS = 15


def update_serving(
    scope: Construct,
    *,
    names: Names,
    update_role: iam.IRole,
    switched: bool,
    first: Sequence[sfn.CustomState],
    done: sfn.IChainable,
    failed: sfn.IChainable,
    policy: dict[str, Any] | None = None,
) -> sfn.Chain:
    """The previous template, with what Parameter Store says by then, after the states `first`.

    `switched` says that the stack has a switch; `policy` takes the stack policy's place for this
    one update.
    """
    parameters = [MODEL_PARAMETER, *([SWITCH_PARAMETER] if switched else [])]
    update = sdk_call(
        scope,
        "UpdateServing",
        "cloudformation:updateStack",
        {
            "StackName": names.stack("serving"),
            "UsePreviousTemplate": True,
            "Parameters": [{"ParameterKey": name, "UsePreviousValue": True} for name in parameters],
            "RoleARN": update_role.role_arn,
            **({} if policy is None else {"StackPolicyDuringUpdateBody": json.dumps(policy)}),
        },
        result_path="$.updated",
        retry=False,  # a refusal would look the same; JudgeRefusal knows throttling
    )
    describe = sdk_call(
        scope,
        "DescribeServing",
        "cloudformation:describeStacks",
        {"StackName": names.stack("serving")},
        result_path="$.serving",
        result_selector={"status.$": "$.Stacks[0].StackStatus"},
    )
    wait_for_stack = _wait(scope, "WaitForStack").next(update)
    wait_for_serving = _wait(scope, "WaitForServing").next(describe)
    # CloudFormation names none of these in its API's model, so only the text tells them apart
    judge_refusal = (
        sfn.Choice(scope, "JudgeRefusal", state_name="JudgeRefusal")
        .when(
            sfn.Condition.string_matches("$.error.Cause", "*No updates are to be performed*"),
            done,
        )
        .when(
            sfn.Condition.or_(
                sfn.Condition.string_matches("$.error.Cause", "*_IN_PROGRESS state*"),
                sfn.Condition.string_matches("$.error.Cause", "*Rate exceeded*"),
            ),
            wait_for_stack,
        )
        .otherwise(failed)
    )
    describe.next(
        sfn.Choice(scope, "JudgeServing", state_name="JudgeServing")
        .when(sfn.Condition.string_equals("$.serving.status", "UPDATE_COMPLETE"), done)
        .when(
            sfn.Condition.string_matches("$.serving.status", "*_IN_PROGRESS"),
            wait_for_serving,
        )
        .otherwise(failed)
    )
    handlers = [*((state, failed) for state in first), (update, judge_refusal), (describe, failed)]
    for state, handler in handlers:
        state.add_catch(handler, errors=["States.ALL"], result_path="$.error")
    update.next(wait_for_serving)
    chain = sfn.Chain.start(first[0])
    for state in (*first[1:], update):
        chain = chain.next(state)
    return chain


def allow_update(scope: Construct, *, names: Names, update_role: iam.IRole) -> list[Permission]:
    """What the states need, and the stack policy, which the machines set or replace."""
    stack = Stack.of(scope)
    account = f"{stack.region}:{stack.account}"
    return [
        allow(
            [
                "cloudformation:DescribeStacks",
                "cloudformation:SetStackPolicy",
                "cloudformation:UpdateStack",
            ],
            [f"arn:{Aws.PARTITION}:cloudformation:{account}:stack/{names.stack('serving')}/*"],
            wildcard="CloudFormation makes the stack's id",
        ),
        pass_role(update_role, to="cloudformation.amazonaws.com"),
    ]


def _wait(scope: Construct, name: str) -> sfn.Wait:
    return sfn.Wait(
        scope,
        name,
        state_name=name,
        time=sfn.WaitTime.duration(Duration.seconds(POLL_SECONDS)),
    )
