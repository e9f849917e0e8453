"""The switch of a deployed stage: off takes the endpoint away, on brings back the newest model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.offline.switch_lab import ENDPOINT, Switched, switched_stage
from tests.waiting import eventually

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("serving-switch")]

EXPIRES_AFTER = timedelta(hours=6)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switched]:
    """Switched off at first; it expires."""
    expires = datetime.now(UTC).replace(microsecond=0) + EXPIRES_AFTER
    settings = {"serving_switch": {"at_first": "off"}, "expires": expires.isoformat()}
    with switched_stage(tmp_path_factory.mktemp("stage"), settings) as deployed:
        yield deployed


def test_serving_is_off_on_and_off_again_and_expires(stage: Switched) -> None:
    """One long story: each part needs what the part before has left."""
    first = stage.approve()
    assert stage.served() is None, "an approval turned serving on"
    assert stage.types() == {"AWS::Logs::LogGroup", "AWS::CloudWatch::Alarm"}

    assert stage.switch("on")["status"] == "SUCCEEDED"
    assert stage.served() == first
    row = ",".join(["0"] * 64)
    answer = stage.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=ENDPOINT, ContentType="text/csv", Body=row.encode()
    )
    assert answer["Body"].read()

    assert stage.switch("off")["status"] == "SUCCEEDED"
    assert stage.served() is None
    assert stage.types() == {"AWS::Logs::LogGroup", "AWS::CloudWatch::Alarm"}
    second = stage.approve()
    assert stage.served() is None, "an approval turned serving on"

    assert stage.switch("on")["status"] == "SUCCEEDED"
    assert stage.served() == second
    # once more by hand, without the machine: the stack policy still stands
    ssm, stacks = stage.client("ssm"), stage.client("cloudformation")
    name = stage.outputs["ServingParameterName"]
    ssm.put_parameter(Name=name, Value="off", Overwrite=True)
    parameters = ("ModelPackageArn", "ServingSwitch")
    stacks.update_stack(
        StackName=f"{ENDPOINT}-serving",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": one, "UsePreviousValue": True} for one in parameters],
    )

    def status() -> str | None:
        (found,) = stacks.describe_stacks(StackName=f"{ENDPOINT}-serving")["Stacks"]
        said: str = found["StackStatus"]
        return None if said.endswith("_IN_PROGRESS") else said

    assert eventually(status, 60) == "UPDATE_ROLLBACK_COMPLETE"
    assert stage.served() == second
    assert stage.switch("on")["status"] == "SUCCEEDED"

    stage.cloud.context.clock.sleep(EXPIRES_AFTER.total_seconds())
    eventually(lambda: stage.served() is None, 60)
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "off"


def test_another_word_is_refused_and_changes_nothing(stage: Switched) -> None:
    name = stage.outputs["ServingParameterName"]
    before = stage.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    ended = stage.switch("maybe")
    assert (ended["status"], ended["error"]) == ("FAILED", "SwitchFailed")
    assert "the input must be" in ended["cause"]
    assert stage.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] == before
