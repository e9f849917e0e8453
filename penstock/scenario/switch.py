"""Whether the endpoint of a stage is switched off, and what brings it back."""

from __future__ import annotations

from penstock.scenario.aws import Aws, Stage

OFF = "off"


def switched_off(aws: Aws, stage: Stage) -> str | None:
    """Why there is no endpoint, and what to do about it; None where serving is on.

    The position is the parameter that the stage's switch machine writes.
    """
    name = stage.outputs.get("ServingParameterName")
    if name is None or aws.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] != OFF:
        return None
    return (
        f"serving of {stage.pipeline}-{stage.environment} is switched off ({name}), so there is "
        'no endpoint to ask: set serving_switch.at_first to "on" in cdk.json before the stage is '
        "deployed, or start the state machine of its output ServingSwitchStateMachineArn with "
        '{"switch": "on"}'
    )
