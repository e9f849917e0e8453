"""Endpoints on a bad day: models that cannot be loaded, programs that are killed under load."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.faults.jobs_lab import let_loose, sagemaker_with, told
from tests.offline.sagemaker_lab import IMAGE, SageMakerLab
from tests.offline.test_hosting_worker import create_config, put_model, score, serve
from tests.processes import processes_below
from tests.waiting import eventually

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("endpoint-faults")]

CLIENTS, REQUESTS = 16, 400
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://lab/capture",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {
        "CsvContentTypes": ["text/csv"],
        "JsonContentTypes": ["application/json"],
    },
}


def update(lab: SageMakerLab, folder: Path, endpoint: str, model: str) -> dict[str, Any]:
    """Have the endpoint serve another model; returns how it stands then."""
    url = put_model(lab, folder, model, 20.0)
    create_config(lab, model, {"Image": IMAGE, "ModelDataUrl": url})
    lab.api.update_endpoint(EndpointName=endpoint, EndpointConfigName=model)
    return lab.settled(endpoint)


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ("corrupt-model", 'Failed to extract model data archive for container "container_1" from'),
        ("ping-never-healthy=2", "did not pass the ping health check. Please check CloudWatch"),
    ],
)
def test_a_model_that_cannot_be_served_leaves_the_old_one_in_service(
    tmp_path: Path, wish: str, reason: str
) -> None:
    name = wish.partition("=")[0]
    with sagemaker_with(tmp_path / "cloud", wish) as lab:
        let_loose(lab.cloud, False)
        serve(lab, tmp_path, "scores")
        let_loose(lab.cloud)

        failed = update(lab, tmp_path, "scores", "second")
        assert failed["EndpointStatus"] == "InService"
        assert failed["EndpointConfigName"] == "scores"
        assert reason in failed["FailureReason"]
        assert score(lab, "scores") == 13.0
        entry = told(lab.cloud, name)
        assert entry["happened"] == 1
        assert "endpoint scores serves on with its old model" in entry["line"]

        mended = update(lab, tmp_path, "scores", "third")
        assert (mended["EndpointStatus"], mended["EndpointConfigName"]) == ("InService", "third")
        assert score(lab, "scores") == 23.0
        assert eventually(lambda: len(processes_below(tmp_path / "cloud")) == 1 or None, 10)


@pytest.mark.parametrize("wish", ["corrupt-model", "ping-never-healthy=2"])
def test_an_endpoint_whose_first_model_cannot_be_served_is_failed(
    tmp_path: Path, wish: str
) -> None:
    with sagemaker_with(tmp_path / "cloud", wish) as lab:
        found = serve(lab, tmp_path, "scores")
        assert found["EndpointStatus"] == "Failed"
        assert found["FailureReason"]
        with pytest.raises(ClientError) as caught:
            score(lab, "scores")
        assert caught.value.response["Error"]["Code"] == "ValidationError"
        assert processes_below(tmp_path / "cloud") == []


def test_half_of_an_archive_is_really_gone(tmp_path: Path) -> None:
    with sagemaker_with(tmp_path / "cloud", "corrupt-model") as lab:
        let_loose(lab.cloud, False)
        put_model(lab, tmp_path, "whole", 10.0)
        whole = lab.s3.head_object(Bucket="lab", Key="whole/model.tar.gz")["ContentLength"]
        let_loose(lab.cloud)
        serve(lab, tmp_path, "scores")
        left = lab.s3.head_object(Bucket="lab", Key="scores-model/model.tar.gz")["ContentLength"]
        assert left <= whole // 2 + 1


def test_an_endpoint_that_is_killed_under_load_answers_again_and_mixes_nothing_up(
    tmp_path: Path,
) -> None:
    with sagemaker_with(tmp_path / "cloud", "endpoint-killed=100") as lab:
        url = put_model(lab, tmp_path, "sums", 10.0)
        create_config(lab, "sums", {"Image": IMAGE, "ModelDataUrl": url})
        variants = lab.api.describe_endpoint_config(EndpointConfigName="sums")["ProductionVariants"]
        lab.api.create_endpoint_config(
            EndpointConfigName="captured", ProductionVariants=variants, DataCaptureConfig=CAPTURE
        )
        lab.api.create_endpoint(EndpointName="sums", EndpointConfigName="captured")
        assert lab.settled("sums")["EndpointStatus"] == "InService"
        (killed,) = processes_below(tmp_path / "cloud")
        runtime = lab.cloud.context.clients.deployer("sagemaker-runtime")

        def ask(number: int) -> str:
            try:
                answer = runtime.invoke_endpoint(
                    EndpointName="sums",
                    ContentType="text/csv",
                    Body=f"{number},1",
                    InferenceId=str(number),
                )
            except ClientError as error:
                is_known = error.response.get("OriginalStatusCode") == 0 and (
                    "could not get a response from the sums endpoint" in str(error)
                )
                return "failed" if is_known else str(error)
            score = json.loads(answer["Body"].read())["predictions"][0]["score"]
            return "answered" if score == number + 11.0 else f"{number} was answered {score}"

        with ThreadPoolExecutor(CLIENTS) as clients:
            found = Counter(clients.map(ask, range(REQUESTS)))

        assert set(found) == {"answered", "failed"}, found
        assert found["failed"] >= 1
        later: list[str] = []

        def answers_again() -> bool | None:
            later.append(ask(7))
            return later[-1] == "answered" or None

        assert eventually(answers_again, 60)
        failed = found["failed"] + later.count("failed")
        (alive,) = processes_below(tmp_path / "cloud")
        assert alive != killed
        assert lab.api.describe_endpoint(EndpointName="sums")["EndpointStatus"] == "InService"

        lab.api.delete_endpoint(EndpointName="sums")
        lab.hosting.stop()
        captured = inference_ids(lab)
        # every answer that somebody got is captured once, and nothing else
        assert len(captured) == lab.hosting.captures.written["sums"] == found["answered"] + 1
        assert lab.hosting.captures.lost["sums"] == 0
        assert {name for name, times in Counter(captured).items() if times > 1} == {"7"}
        line = told(lab.cloud, "endpoint-killed")["line"]
        assert f"a request failed with ModelError ({failed} time" in line
        assert "the container was started again and is healthy (1 time)" in line


def inference_ids(lab: SageMakerLab) -> list[str]:
    """Of all captured requests."""
    pages = lab.s3.get_paginator("list_objects_v2").paginate(Bucket="lab", Prefix="capture/")
    found = []
    for item in (item for page in pages for item in page.get("Contents", [])):
        body = lab.s3.get_object(Bucket="lab", Key=item["Key"])["Body"].read()
        found += [json.loads(line)["eventMetadata"]["inferenceId"] for line in body.splitlines()]
    return found
