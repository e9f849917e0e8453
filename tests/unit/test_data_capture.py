"""Data capture of an endpoint: records, samples, files, and what cannot be written."""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pydantic import ValidationError

from penstock.localcloud.clock import Timer
from penstock.localcloud.workers.hosting.capture import DataCapture
from penstock.localcloud.workers.hosting.capture_account import CaptureAccount
from penstock.localcloud.workers.hosting.capture_settings import CaptureSettings
from penstock.localcloud.workers.hosting.captured_invocation import CapturedInvocation
from penstock.localcloud.workers.hosting.invocation import Answer, Request
from pipelines.spec import Capture, Serving, refusal_lines

NOON = datetime(2026, 11, 22, 12, 7, 3, 45_000, tzinfo=UTC)
CONFIG: dict[str, Any] = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://lake/capture/",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {
        "CsvContentTypes": ["text/csv"],
        "JsonContentTypes": ["application/json"],
    },
}
ASKED = Request(b"1,2\n3,4", "text/csv", inference_id="row-7")
ANSWERED = Answer(b'{"predictions":[{"score":3.0}]}', "application/json", "main")


def settings(config: dict[str, Any]) -> CaptureSettings:
    found = CaptureSettings.of({"DataCaptureConfig": config})
    assert found is not None
    return found


class HeldClock:
    """Time stands; timers run when the test says so."""

    def __init__(self) -> None:
        self.timers: list[tuple[float, Timer]] = []

    def now(self) -> datetime:
        return NOON

    def call_later(
        self, seconds: float, callback: Callable[[], None], *, background: bool = False
    ) -> Timer:
        timer = Timer(NOON + timedelta(seconds=seconds), len(self.timers), callback)
        self.timers.append((seconds, timer))
        return timer

    def waiting(self) -> list[float]:
        return [seconds for seconds, timer in self.timers if not timer.cancelled]

    def pass_time(self) -> None:
        timers, self.timers = self.timers, []
        for _, timer in timers:
            if not timer.cancelled:
                timer.callback()


class Objects:
    """The part of S3 that capture writes to; refuses when it is told to."""

    def __init__(self) -> None:
        self.refuses = False
        self.put: list[dict[str, Any]] = []

    def put_object(self, **arguments: Any) -> None:
        if self.refuses:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")
        self.put.append(arguments)

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for put in self.put for line in put["Body"].splitlines()]


class Captured:
    """A capture with all that is around it."""

    def __init__(self, flush_bytes: int = 1 << 20, **changes: Any) -> None:
        self.s3, self.clock, self.account = Objects(), HeldClock(), CaptureAccount()
        self.capture = DataCapture(
            settings({**CONFIG, **changes}),
            s3=self.s3,
            clock=self.clock,  # type: ignore[arg-type]
            account=self.account,
            endpoint="digits-dev",
            variant="main",
            flush_bytes=flush_bytes,
        )

    def sampled(self, requests: int) -> list[int]:
        """Which of so many requests are in the files."""
        for number in range(requests):
            self.capture.record(Request(str(number).encode(), "text/csv"), ANSWERED, NOON)
        self.capture.flush()
        return [int(r["captureData"]["endpointInput"]["data"]) for r in self.s3.records()]


def line(config: dict[str, Any], request: Request = ASKED, answer: Answer = ANSWERED) -> Any:
    return json.loads(CapturedInvocation(request, answer, "e-1", NOON).line(settings(config)))


def test_a_record_is_the_documented_one() -> None:
    assert line(CONFIG) == {
        "captureData": {
            "endpointInput": {
                "observedContentType": "text/csv",
                "mode": "INPUT",
                "data": "1,2\n3,4",
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "application/json",
                "mode": "OUTPUT",
                "data": '{"predictions":[{"score":3.0}]}',
                "encoding": "JSON",
            },
        },
        "eventMetadata": {
            "eventId": "e-1",
            "inferenceId": "row-7",
            "inferenceTime": "2026-11-22T12:07:03Z",
        },
        "eventVersion": "0",
    }
    assert "inferenceId" not in line(CONFIG, Request(b"1", "text/csv"))["eventMetadata"]


@pytest.mark.parametrize(
    ("modes", "sides"),
    [
        (["Input"], {"endpointInput"}),
        (["Output"], {"endpointOutput"}),
        (["InputAndOutput"], {"endpointInput", "endpointOutput"}),
    ],
)
def test_only_the_sides_that_are_asked_for(modes: list[str], sides: set[str]) -> None:
    config = {**CONFIG, "CaptureOptions": [{"CaptureMode": mode} for mode in modes]}
    assert set(line(config)["captureData"]) == sides


@pytest.mark.parametrize(
    ("content_type", "body", "encoding"),
    [
        ("TEXT/CSV; charset=utf-8", b"1,2", "CSV"),
        ("application/jsonlines", b"{}", "BASE64"),
        ("", b"1,2", "BASE64"),
        ("text/csv", b"\xff\xfe", "BASE64"),
    ],
)
def test_what_is_not_text_of_a_listed_type_is_base64(
    content_type: str, body: bytes, encoding: str
) -> None:
    side = line(CONFIG, Request(body, content_type))["captureData"]["endpointInput"]
    assert (side["encoding"], side["observedContentType"]) == (encoding, content_type)
    data = base64.b64decode(side["data"]) if encoding == "BASE64" else side["data"].encode()
    assert data == body


def test_without_content_types_everything_is_base64() -> None:
    config = {key: value for key, value in CONFIG.items() if key != "CaptureContentTypeHeader"}
    sides = line(config)["captureData"].values()
    assert [side["encoding"] for side in sides] == ["BASE64", "BASE64"]


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in CONFIG.items() if key != name}


def test_capture_is_on_unless_it_is_said_to_be_off() -> None:
    assert settings(without("EnableCapture")).percentage == 100
    assert CaptureSettings.of({"DataCaptureConfig": {**CONFIG, "EnableCapture": False}}) is None
    assert CaptureSettings.of({}) is None
    with pytest.raises(ValueError, match="'ftp://lake' is not an S3 address"):
        settings({**CONFIG, "DestinationS3Uri": "ftp://lake"})


def test_a_hundred_percent_is_every_request_and_none_is_none() -> None:
    assert Captured().sampled(500) == list(range(500))
    assert Captured(InitialSamplingPercentage=0).sampled(500) == []


def test_a_sample_has_its_size_and_is_the_same_each_time() -> None:
    first = Captured(InitialSamplingPercentage=30).sampled(5000)
    # three standard deviations of 5,000 draws with p = 0.3 are 97
    assert 1500 - 97 <= len(first) <= 1500 + 97
    assert Captured(InitialSamplingPercentage=30).sampled(5000) == first
    # not every third one: a rhythm of the requests must not decide
    assert len({later - earlier for earlier, later in itertools.pairwise(first)}) > 5


def test_an_invocation_writes_nothing_and_time_writes_one_file() -> None:
    captured = Captured()
    for _ in range(3):
        captured.capture.record(ASKED, ANSWERED, NOON)
    assert captured.s3.put == []
    assert captured.clock.waiting() == [60.0]
    captured.clock.pass_time()
    (put,) = captured.s3.put
    assert put["Bucket"] == "lake"
    assert re.fullmatch(
        r"capture/digits-dev/main/2026/11/22/12/07-03-045-[0-9a-f-]{36}\.jsonl", put["Key"]
    )
    assert put["Body"].endswith(b"}\n")
    assert put["Body"].count(b"\n") == 3
    assert len({r["eventMetadata"]["eventId"] for r in captured.s3.records()}) == 3
    assert captured.account.written == {"digits-dev": 3}
    assert captured.clock.waiting() == []


def test_each_hour_has_its_own_file() -> None:
    captured = Captured()
    for minutes in (-60, 0, -60, 53):
        captured.capture.record(ASKED, ANSWERED, NOON + timedelta(minutes=minutes))
    captured.capture.flush()
    found = [("/".join(p["Key"].split("/")[3:7]), p["Body"].count(b"\n")) for p in captured.s3.put]
    assert found == [("2026/11/22/11", 2), ("2026/11/22/12", 1), ("2026/11/22/13", 1)]


def test_much_is_written_at_once_and_only_by_one_timer() -> None:
    captured = Captured(flush_bytes=100)
    for _ in range(20):
        captured.capture.record(ASKED, ANSWERED, NOON)
    assert captured.clock.waiting() == [0]
    captured.clock.pass_time()
    assert [put["Body"].count(b"\n") for put in captured.s3.put] == [20]
    captured.capture.record(ASKED, ANSWERED, NOON)
    assert captured.clock.waiting() == [60.0]


def test_closing_writes_the_rest_and_what_still_comes() -> None:
    captured = Captured()
    captured.capture.record(ASKED, ANSWERED, NOON)
    captured.capture.close()
    captured.capture.record(ASKED, ANSWERED, NOON)
    assert len(captured.s3.put) == 2
    assert captured.clock.waiting() == []


def test_what_cannot_be_written_is_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    captured = Captured()
    captured.s3.refuses = True
    for _ in range(2):
        captured.capture.record(ASKED, ANSWERED, NOON)
    captured.clock.pass_time()
    assert captured.account.lost == {"digits-dev": 2}
    (message,) = caplog.messages
    assert "endpoint digits-dev: 2 records are lost, s3://lake/capture/digits-dev/" in message
    assert "AccessDenied" in message
    captured.s3.refuses = False
    captured.capture.record(ASKED, ANSWERED, NOON)
    captured.capture.close()
    assert captured.account.written == {"digits-dev": 1}


def test_the_key_is_the_configurations_or_the_buckets() -> None:
    own, bucket = Captured(KmsKeyId="arn:key"), Captured()
    for captured in (own, bucket):
        captured.capture.record(ASKED, ANSWERED, NOON)
        captured.capture.close()
    assert own.s3.put[0]["SSEKMSKeyId"] == "arn:key"
    assert own.s3.put[0]["ServerSideEncryption"] == "aws:kms"
    assert not {"SSEKMSKeyId", "ServerSideEncryption"} & set(bucket.s3.put[0])


def test_a_destination_may_be_a_whole_bucket() -> None:
    captured = Captured(DestinationS3Uri="s3://lake")
    captured.capture.record(ASKED, ANSWERED, NOON)
    captured.capture.close()
    assert captured.s3.put[0]["Key"].startswith("digits-dev/main/2026/")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"percentage": 0}, "percentage: 0: a sample is 1 to 100 percent of the requests; 0 would"),
        ({"percentage": 101}, "percentage: 101: a sample is 1 to 100 percent"),
        ({"percentage": 12.5}, "percentage: 12.5: "),
        ({"modes": ()}, "modes: (): each side is named once, and one at least"),
        ({"modes": ("Input", "Input")}, "each side is named once"),
        ({"modes": ("Both",)}, "modes.0: 'Both': "),
        ({"csv_content_types": ("text/*",)}, "csv_content_types: 'text/*': must be a content type"),
        ({"json_content_types": ("application/json; a=b",)}, "without parameters"),
        ({"json_content_types": ("a/" + "b" * 255,)}, "256 characters at most"),
        ({"csv_content_types": tuple(f"a/b{n}" for n in range(11))}, "10 content types at most"),
        ({"json_content_types": ("text/csv",)}, "captured as CSV or as JSON, not as both"),
        ({"prefix": "x"}, "Capture has no such field; it has percentage, modes"),
    ],
)
def test_what_cannot_be_captured_is_refused_in_one_line(
    changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        Capture(**{"percentage": 100, **changes})
    (refused,) = refusal_lines(caught.value)
    assert refused.startswith("Capture")
    assert words in refused
    assert ";" in refused


def test_a_choice_that_says_nothing_more_captures_both_sides() -> None:
    chosen = Capture(percentage=20)
    assert chosen.modes == ("Input", "Output")
    assert (chosen.csv_content_types, chosen.json_content_types) == (
        ("text/csv",),
        ("application/json",),
    )
    assert Serving(instance_type="ml.m5.large").capture is None


def test_many_threads_lose_nothing_while_files_are_written() -> None:
    captured = Captured(flush_bytes=2000)

    def ask(first: int) -> None:
        for number in range(first, first + 500):
            captured.capture.record(Request(str(number).encode(), "text/csv"), ANSWERED, NOON)
            if number % 50 == 0:
                captured.capture.flush()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(0, 4000, 500)))
    captured.capture.close()
    found = [int(r["captureData"]["endpointInput"]["data"]) for r in captured.s3.records()]
    assert sorted(found) == list(range(4000))
    assert captured.account.written["digits-dev"] == 4000
