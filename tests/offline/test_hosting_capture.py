"""Data capture behind a real endpoint: invocations come back as files in S3."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from penstock.localcloud.workers.s3 import S3_ATTEMPTS
from tests.offline.sagemaker_lab import IMAGE, RECORDIO, SageMakerLab, encode
from tests.offline.test_hosting_worker import ONE_ROW, create_config, put_model, score
from tests.waiting import eventually

pytestmark = pytest.mark.offline
BOTH = [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]


@pytest.fixture
def lab(bare_cloud: Any) -> Iterator[SageMakerLab]:
    laboratory = SageMakerLab(bare_cloud)
    yield laboratory
    laboratory.close()


def deploy(lab: SageMakerLab, tmp_path: Path, endpoint: str, **changes: Any) -> dict[str, Any]:
    """An endpoint that captures everything as text, unless `changes` say otherwise."""
    url = put_model(lab, tmp_path, f"{endpoint}-model", 10.0)
    create_model_config(lab, endpoint, url, **changes)
    lab.api.create_endpoint(EndpointName=endpoint, EndpointConfigName=endpoint)
    return lab.settled(endpoint)


def create_model_config(lab: SageMakerLab, name: str, url: str, **changes: Any) -> None:
    create_config(lab, f"{name}-plain", {"Image": IMAGE, "ModelDataUrl": url})
    variants = lab.api.describe_endpoint_config(EndpointConfigName=f"{name}-plain")
    lab.api.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=variants["ProductionVariants"],
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": "s3://lab/capture",
            "CaptureOptions": BOTH,
            "CaptureContentTypeHeader": {
                "CsvContentTypes": ["text/csv"],
                "JsonContentTypes": ["application/json"],
            },
            **changes,
        },
    )


def files(lab: SageMakerLab, endpoint: str) -> list[str]:
    found = lab.s3.list_objects_v2(Bucket="lab", Prefix=f"capture/{endpoint}/")
    return [entry["Key"] for entry in found.get("Contents", [])]


def records(lab: SageMakerLab, endpoint: str) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for key in files(lab, endpoint)
        for line in lab.s3.get_object(Bucket="lab", Key=key)["Body"].read().splitlines()
    ]


def captured(lab: SageMakerLab, endpoint: str, count: int) -> list[dict[str, Any]]:
    """So many records, as soon as they are there."""

    def look() -> dict[str, Any] | None:
        return {"records": r} if len(r := records(lab, endpoint)) >= count else None

    found: list[dict[str, Any]] = eventually(look, 20)["records"]
    return found


def test_every_invocation_comes_back_in_the_hour_of_the_clouds_clock(
    lab: SageMakerLab, tmp_path: Path
) -> None:
    described = deploy(lab, tmp_path, "all")
    assert described["DataCaptureConfig"]["CaptureStatus"] == "Started"
    assert described["DataCaptureConfig"]["CurrentSamplingPercentage"] == 100
    lab.cloud.context.clock.sleep(7200)  # the cloud's time is ahead of the machine's
    asked = lab.cloud.context.clock.now()
    for number in range(5):
        assert score(lab, "all", Body=f"{number},2", InferenceId=f"row-{number}") == number + 12

    found = captured(lab, "all", 5)

    sides = [record["captureData"] for record in found]
    assert [side["endpointInput"]["data"] for side in sides] == [f"{n},2" for n in range(5)]
    answers = [json.loads(side["endpointOutput"]["data"]) for side in sides]
    assert [a["predictions"][0]["score"] for a in answers] == [n + 12.0 for n in range(5)]
    assert {side["endpointOutput"]["encoding"] for side in sides} == {"JSON"}
    assert [r["eventMetadata"]["inferenceId"] for r in found] == [f"row-{n}" for n in range(5)]
    times = {record["eventMetadata"]["inferenceTime"][:13] for record in found}
    later = lab.cloud.context.clock.now()
    assert times <= {f"{when:%Y-%m-%dT%H}" for when in (asked, later)}
    folders = {key.rsplit("/", 1)[0] for key in files(lab, "all")}
    assert folders == {
        f"capture/all/AllTraffic/{time.replace('T', '-').replace('-', '/')}" for time in times
    }
    assert lab.hosting.captures.written["all"] == 5


def test_a_sample_is_a_part_of_the_invocations(lab: SageMakerLab, tmp_path: Path) -> None:
    deploy(lab, tmp_path, "some", InitialSamplingPercentage=25)
    for number in range(80):
        score(lab, "some", Body=f"{number},2")
    lab.hosting.stop()
    bodies = [record["captureData"]["endpointInput"]["data"] for record in records(lab, "some")]
    assert 8 <= len(bodies) <= 32
    assert len(set(bodies)) == len(bodies) == lab.hosting.captures.written["some"]


def test_the_answer_alone_with_the_configurations_key(lab: SageMakerLab, tmp_path: Path) -> None:
    key = lab.cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    deploy(lab, tmp_path, "answers", CaptureOptions=BOTH[1:], KmsKeyId=key)
    score(lab, "answers")
    (record,) = captured(lab, "answers", 1)
    assert list(record["captureData"]) == ["endpointOutput"]
    (name,) = files(lab, "answers")
    head = lab.s3.head_object(Bucket="lab", Key=name)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_a_content_type_that_is_not_listed_is_base64(lab: SageMakerLab, tmp_path: Path) -> None:
    deploy(lab, tmp_path, "binary")
    body = encode(np.array([[2.0, 3.0]]), np.array([0.0]), RECORDIO)
    assert score(lab, "binary", ContentType=RECORDIO, Body=body) == pytest.approx(15.0)
    (record,) = captured(lab, "binary", 1)
    side = record["captureData"]["endpointInput"]
    assert (side["encoding"], side["observedContentType"]) == ("BASE64", RECORDIO)
    assert base64.b64decode(side["data"]) == body
    assert record["captureData"]["endpointOutput"]["encoding"] == "JSON"


def test_an_update_to_a_configuration_without_capture_ends_it(
    lab: SageMakerLab, tmp_path: Path
) -> None:
    deploy(lab, tmp_path, "ending")
    score(lab, "ending", Body="1,1")
    lab.api.update_endpoint(EndpointName="ending", EndpointConfigName="ending-plain")
    described = lab.settled("ending")
    assert described["EndpointConfigName"] == "ending-plain"
    assert "DataCaptureConfig" not in described
    assert score(lab, "ending", Body="2,2") == 14.0
    lab.hosting.stop()
    bodies = [record["captureData"]["endpointInput"]["data"] for record in records(lab, "ending")]
    assert bodies == ["1,1"]


def test_nothing_is_lost_when_the_cloud_stops_at_once(lab: SageMakerLab, tmp_path: Path) -> None:
    deploy(lab, tmp_path, "stopped")
    with lab.cloud.context.clock.busy():  # no timer fires
        for number in range(10):
            score(lab, "stopped", Body=f"{number},2")
        assert files(lab, "stopped") == []
        lab.hosting.stop()
    assert len(records(lab, "stopped")) == 10


def test_a_missing_bucket_loses_captures_but_no_answer(lab: SageMakerLab, tmp_path: Path) -> None:
    deploy(lab, tmp_path, "homeless", DestinationS3Uri="s3://nowhere-at-all/x")
    assert score(lab, "homeless") == 13.0
    assert score(lab, "homeless") == 13.0
    lab.hosting.stop()
    assert lab.hosting.captures.lost["homeless"] == 2
    assert lab.hosting.captures.written["homeless"] == 0


def test_a_destination_outside_s3_is_the_endpoints_failure(
    lab: SageMakerLab, tmp_path: Path
) -> None:
    described = deploy(lab, tmp_path, "astray", DestinationS3Uri="https://example.org/x")
    assert described["EndpointStatus"] == "Failed"
    assert "DataCaptureConfig.DestinationS3Uri" in described["FailureReason"]


def test_what_the_model_refuses_is_not_captured(lab: SageMakerLab, tmp_path: Path) -> None:
    deploy(lab, tmp_path, "strict")
    with pytest.raises(lab.runtime.exceptions.ModelError):
        lab.runtime.invoke_endpoint(EndpointName="strict", **{**ONE_ROW, "Body": "1,2,3"})
    score(lab, "strict")
    lab.hosting.stop()
    assert len(records(lab, "strict")) == 1


def test_the_models_role_writes_the_files(lab: SageMakerLab, tmp_path: Path) -> None:
    puts: list[str] = []
    clients = lab.cloud.context.clients
    deploy(lab, tmp_path, "own-role")
    sagemaker = clients.deployer("sagemaker")
    newest = sagemaker.list_models(SortBy="CreationTime", SortOrder="Descending")["Models"][0]
    client = clients.for_role(
        lab.cloud.role_arn,
        "s3",
        by="sagemaker.amazonaws.com",
        source_arn=newest["ModelArn"],
        attempts=S3_ATTEMPTS,
    )  # the factory gives it to all who ask
    client.meta.events.register(
        "before-call.s3.PutObject", lambda params, **_: puts.append(params["url_path"])
    )
    score(lab, "own-role")
    lab.hosting.stop()
    (key,) = files(lab, "own-role")
    assert [path.endswith(key) for path in puts] == [True]
