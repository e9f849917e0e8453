"""The transform goes wrong: Firehose tries again, or keeps the records below the error prefix."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.ingestion import Ingestion, digits

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("faults-transform")]

FUNCTION_ERROR = "The Lambda function was successfully invoked but it returned an error result."


@pytest.mark.parametrize("fault", ["transform-raises", "transform-times-out", "transform-over-6mb"])
def test_a_batch_is_transformed_when_the_function_is_invoked_again(
    given: Callable[..., Ingestion], fault: str
) -> None:
    ingestion = given(f"{fault}=3")
    assert ingestion.send(digits(40))["delivered"] == 40
    happened, line = ingestion.fault()
    assert happened == 3
    assert "then record transformed by invocation 4 (40 times)" in line


@pytest.mark.parametrize("fault", ["transform-raises", "transform-times-out", "transform-over-6mb"])
def test_after_four_invocations_the_batch_lies_below_processing_failed(
    given: Callable[..., Ingestion], fault: str
) -> None:
    ingestion = given(f"{fault}=4")
    account = ingestion.send(digits(40))
    assert account["failed"] == {"source": 0, "transform": 40, "conversion": 0}
    errors = ingestion.errors("processing-failed")
    assert sorted(error["rawData"] for error in errors) == sorted(digits(40))
    assert {(error["errorCode"], error["attemptsMade"]) for error in errors} == {
        ("Lambda.FunctionError", 4)
    }
    assert {error["errorMessage"] for error in errors} == {FUNCTION_ERROR}
    assert "below processing-failed as Lambda.FunctionError" in ingestion.fault()[1]
    # the next batch finds a function that works
    assert ingestion.send(digits(5))["delivered"] == 5


def test_a_function_that_hangs_is_ended_after_its_timeout_of_the_clouds_time(
    given: Callable[..., Ingestion],
) -> None:
    ingestion = given("transform-times-out=2")
    began = ingestion.cloud.context.clock.now()
    ingestion.send(digits(3))
    (function,) = ingestion.client("lambda").list_functions()["Functions"]
    elapsed = ingestion.cloud.context.clock.now() - began
    assert elapsed.total_seconds() >= 2 * function["Timeout"]
    logs = ingestion.client("logs").filter_log_events(
        logGroupName=ingestion.stage["TransformLogGroupName"], filterPattern='"timed out"'
    )
    assert len(logs["events"]) == 2


@pytest.mark.parametrize("fault", ["transform-answers-short", "transform-unknown-record"])
def test_a_record_without_an_answer_is_kept_and_the_others_go_on(
    given: Callable[..., Ingestion], fault: str
) -> None:
    ingestion = given(fault)
    account = ingestion.send(digits(40))
    assert account["delivered"] == 39
    assert account["failed"] == {"source": 0, "transform": 1, "conversion": 0}
    (error,) = ingestion.errors("processing-failed")
    assert error["rawData"] in digits(40)
    assert (error["errorCode"], error["attemptsMade"]) == ("Lambda.MissingRecordId", 1)
    happened, line = ingestion.fault()
    assert happened == 1
    assert "below processing-failed as Lambda.MissingRecordId, attemptsMade 1 (1 time)" in line
