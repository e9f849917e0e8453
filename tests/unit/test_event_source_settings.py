"""Event source mappings: defaults, and refusals that name the field, the value and the rule."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.localcloud.workers.event_sources.settings import SettingsError, read_settings

STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/metrics"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:jobs"


def stream(**more: Any) -> dict[str, Any]:
    return {"EventSourceArn": STREAM, "StartingPosition": "LATEST", **more}


def test_defaults_of_a_stream() -> None:
    settings = read_settings(stream())
    assert (settings.batch_size, settings.window_seconds, settings.lanes) == (100, 0, 1)
    assert (settings.maximum_retries, settings.maximum_age_seconds) == (None, None)
    assert (settings.bisect, settings.report_failures, settings.enabled) == (False, False, True)
    assert settings.on_failure_arn == ""
    assert not settings.of_queue


def test_defaults_of_a_queue() -> None:
    settings = read_settings({"EventSourceArn": QUEUE})
    assert (settings.batch_size, settings.window_seconds) == (10, 0)
    assert settings.of_queue


def test_no_retries_are_not_no_limit() -> None:
    assert read_settings(stream(MaximumRetryAttempts=0)).maximum_retries == 0
    assert read_settings(stream(MaximumRetryAttempts=-1)).maximum_retries is None


def test_an_empty_destination_is_none() -> None:
    given = stream(DestinationConfig={"OnFailure": {"Destination": ""}})
    assert read_settings(given).on_failure_arn == ""


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"EventSourceArn": "arn:aws:dynamodb:us-east-1:1:table/t/stream/1"}, "event sources here"),
        (stream(EventSourceArn=f"{STREAM}/consumer/c:1"), "without enhanced fan-out"),
        ({"EventSourceArn": STREAM}, "StartingPosition None: a stream needs"),
        (stream(StartingPositionTimestamp=1.0), "it goes with StartingPosition AT_TIMESTAMP"),
        (stream(BatchSize=0), "BatchSize 0: 1 to 10000"),
        (stream(ParallelizationFactor=11), "ParallelizationFactor 11: 1 to 10"),
        (stream(MaximumRetryAttempts=10_001), "MaximumRetryAttempts 10001: -1 to 10000"),
        (stream(MaximumRecordAgeInSeconds=0), "MaximumRecordAgeInSeconds 0: -1, or 60"),
        (stream(ProvisionedPollerConfig={"MinimumPollers": 1}), "ProvisionedPollerConfig is not"),
        ({"EventSourceArn": f"{QUEUE}.fifo", "BatchSize": 11}, "a FIFO queue has batches"),
        (
            {"EventSourceArn": f"{QUEUE}.fifo", "MaximumBatchingWindowInSeconds": 1},
            "a FIFO queue has batches of at most 10 and no window",
        ),
        ({"EventSourceArn": QUEUE, "MaximumRetryAttempts": 2}, "is for streams only"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says) as refused:
        read_settings(given)
    assert "\n" not in str(refused.value)
