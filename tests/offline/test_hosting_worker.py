"""Endpoints: real serving programs behind InvokeEndpoint, replaced and refused as on AWS."""

from __future__ import annotations

import io
import json
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError

from penstock.localcloud.engines import registry
from penstock.localcloud.engines.engine import Engine
from tests.offline.sagemaker_lab import IMAGE, SageMakerLab, encode, regressor_archive
from tests.processes import processes_below
from tests.waiting import eventually

pytestmark = pytest.mark.offline
ONE_ROW = {"ContentType": "text/csv", "Body": "1,2"}


@pytest.fixture
def lab(bare_cloud: Any) -> Iterator[SageMakerLab]:
    laboratory = SageMakerLab(bare_cloud)
    yield laboratory
    laboratory.close()


def put_model(lab: SageMakerLab, tmp_path: Path, key: str, bias: float) -> str:
    """A regressor that answers x0 + x1 + bias, as model.tar.gz in S3; returns its URL."""
    folder = tmp_path / key
    folder.mkdir()
    archive = regressor_archive(folder, bias)
    lab.s3.put_object(Bucket="lab", Key=f"{key}/model.tar.gz", Body=archive)
    return f"s3://lab/{key}/model.tar.gz"


def create_config(lab: SageMakerLab, name: str, container: dict[str, Any], **variant: Any) -> None:
    """A model of this name and an endpoint configuration that serves it."""
    lab.api.create_model(
        ModelName=name,
        ExecutionRoleArn=lab.cloud.role_arn,
        PrimaryContainer=container,
        EnableNetworkIsolation=True,
    )
    settings = {
        "VariantName": "AllTraffic",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        **variant,
    }
    lab.api.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[settings])


def serve(lab: SageMakerLab, tmp_path: Path, endpoint: str, bias: float = 10.0) -> dict[str, Any]:
    url = put_model(lab, tmp_path, f"{endpoint}-model", bias)
    create_config(lab, endpoint, {"Image": IMAGE, "ModelDataUrl": url})
    lab.api.create_endpoint(EndpointName=endpoint, EndpointConfigName=endpoint)
    return lab.settled(endpoint)


def score(lab: SageMakerLab, endpoint: str, **request: Any) -> float:
    answer = lab.runtime.invoke_endpoint(EndpointName=endpoint, **{**ONE_ROW, **request})
    return float(json.loads(answer["Body"].read())["predictions"][0]["score"])


def test_an_endpoint_is_created_and_answers_from_its_model(
    lab: SageMakerLab, tmp_path: Path
) -> None:
    url = put_model(lab, tmp_path, "m", 10.0)
    create_config(lab, "first", {"Image": IMAGE, "ModelDataUrl": url})
    lab.api.create_endpoint(EndpointName="digits-dev", EndpointConfigName="first")
    assert lab.api.describe_endpoint(EndpointName="digits-dev")["EndpointStatus"] == "Creating"

    endpoint = lab.settled("digits-dev")

    assert endpoint["EndpointStatus"] == "InService", endpoint
    assert endpoint["EndpointConfigName"] == "first"
    assert endpoint["ProductionVariants"][0]["VariantName"] == "AllTraffic"
    answer = lab.runtime.invoke_endpoint(EndpointName="digits-dev", **ONE_ROW)
    assert answer["ContentType"] == "application/json"
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    assert json.loads(answer["Body"].read()) == {"predictions": [{"score": 13.0}]}
    body = encode(np.array([[2.0, 3.0]]), np.array([0.0]), "application/x-recordio-protobuf")
    assert score(
        lab, "digits-dev", ContentType="application/x-recordio-protobuf", Body=body
    ) == pytest.approx(15.0)
    assert lab.hosting.invocations["digits-dev"] == 2
    entry = next(
        e for e in lab.cloud.context.ledger.entries() if e.type == "SageMaker inference image"
    )
    assert IMAGE in entry.resource
    logs = lab.cloud.client("logs")
    streams = logs.describe_log_streams(logGroupName="/aws/sagemaker/Endpoints/digits-dev")
    assert streams["logStreams"][0]["logStreamName"].startswith("AllTraffic/i-local")


def test_a_missing_endpoint_is_the_apis_own_error(lab: SageMakerLab) -> None:
    with pytest.raises(ClientError) as caught:
        lab.runtime.invoke_endpoint(EndpointName="nobody", **ONE_ROW)
    error = caught.value.response
    assert error["Error"]["Code"] == "ValidationError"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert error["Error"]["Message"] == "Endpoint nobody of account 123456789012 not found."


def test_a_containers_refusal_is_a_model_error(lab: SageMakerLab, tmp_path: Path) -> None:
    serve(lab, tmp_path, "strict")
    for request, status, words in (
        ({"Body": "1,2,3"}, 400, "a row has 3 features, the model has 2"),
        ({"Body": "a,b"}, 400, "not CSV of numbers"),
        ({"Body": b"\xff\xfe", "ContentType": "image/png"}, 415, "image/png"),
    ):
        with pytest.raises(ClientError) as caught:
            score(lab, "strict", **request)
        error = caught.value.response
        assert error["Error"]["Code"] == "ModelError"
        assert error["ResponseMetadata"]["HTTPStatusCode"] == 424
        assert error["OriginalStatusCode"] == status
        assert words in error["OriginalMessage"]
        assert f"Received client error ({status}) from primary" in error["Error"]["Message"]
    assert score(lab, "strict") == 13.0


def test_an_update_serves_the_new_model_without_a_gap(lab: SageMakerLab, tmp_path: Path) -> None:
    serve(lab, tmp_path, "live", 10.0)
    url = put_model(lab, tmp_path, "second", 20.0)
    create_config(lab, "second", {"Image": IMAGE, "ModelDataUrl": url})
    seen: list[float] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            seen.append(score(lab, "live"))

    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(ask) for _ in range(2)]
        lab.api.update_endpoint(EndpointName="live", EndpointConfigName="second")
        assert lab.api.describe_endpoint(EndpointName="live")["EndpointStatus"] == "Updating"
        endpoint = lab.settled("live")
        time.sleep(0.2)
        done.set()
        for future in asking:
            future.result()

    assert endpoint["EndpointConfigName"] == "second"
    assert set(seen) == {13.0, 23.0}
    assert score(lab, "live") == 23.0


def test_a_failed_update_leaves_the_old_model_serving(lab: SageMakerLab, tmp_path: Path) -> None:
    serve(lab, tmp_path, "steady")
    lab.s3.put_object(Bucket="lab", Key="broken/model.tar.gz", Body=b"no archive")
    broken = {"Image": IMAGE, "ModelDataUrl": "s3://lab/broken/model.tar.gz"}
    create_config(lab, "broken", broken)
    lab.api.update_endpoint(EndpointName="steady", EndpointConfigName="broken")

    endpoint = lab.settled("steady")

    assert endpoint["EndpointStatus"] == "InService"
    assert endpoint["EndpointConfigName"] == "steady"
    said = endpoint["FailureReason"]
    assert said.startswith('Failed to extract model data archive for container "container_1" from')
    assert "s3://lab/broken/model.tar.gz" in said
    assert score(lab, "steady") == 13.0


@pytest.mark.parametrize(
    ("container", "words"),
    [
        (
            {"Image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/team/forest:2"},
            "stands in for the repository 'team/forest'",
        ),
        ({"Image": IMAGE}, "the model cannot be loaded"),
        ({"Image": IMAGE, "ModelDataUrl": "s3://lab/nothing/model.tar.gz"}, "NoSuchKey"),
    ],
)
def test_an_endpoint_that_cannot_start_fails_with_a_reason(
    lab: SageMakerLab, container: dict[str, Any], words: str
) -> None:
    create_config(lab, "hopeless", container)
    lab.api.create_endpoint(EndpointName="hopeless", EndpointConfigName="hopeless")
    endpoint = lab.settled("hopeless")
    assert endpoint["EndpointStatus"] == "Failed"
    assert words in endpoint["FailureReason"]
    with pytest.raises(ClientError, match="not found"):
        score(lab, "hopeless")


def test_an_endpoint_fails_with_whatever_went_wrong(
    lab: SageMakerLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise TypeError("nobody thought of this")

    monkeypatch.setattr("penstock.localcloud.workers.hosting.model.fetch", broken)
    endpoint = serve(lab, tmp_path, "unlucky")
    assert endpoint["EndpointStatus"] == "Failed"
    assert "nobody thought of this" in endpoint["FailureReason"]


def test_an_archive_cannot_write_outside_of_the_model_directory(lab: SageMakerLab) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo("../../escaped")
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
    lab.s3.put_object(Bucket="lab", Key="evil/model.tar.gz", Body=archive.getvalue())
    create_config(lab, "evil", {"Image": IMAGE, "ModelDataUrl": "s3://lab/evil/model.tar.gz"})
    lab.api.create_endpoint(EndpointName="evil", EndpointConfigName="evil")
    assert "escaped" in lab.settled("evil")["FailureReason"]
    assert not list(lab.cloud.context.workdir.rglob("escaped"))


def test_deleting_an_endpoint_ends_its_program(lab: SageMakerLab, tmp_path: Path) -> None:
    serve(lab, tmp_path, "gone")
    workdir = lab.cloud.context.workdir
    assert len(processes_below(workdir)) == 1
    lab.api.delete_endpoint(EndpointName="gone")
    with pytest.raises(ClientError, match="not found"):
        score(lab, "gone")
    eventually(lambda: not processes_below(workdir), seconds=10)


def test_variants_share_the_traffic_by_weight(lab: SageMakerLab, tmp_path: Path) -> None:
    variants = []
    for name, bias, weight in (("Old", 0.0, 3.0), ("New", 100.0, 1.0)):
        url = put_model(lab, tmp_path, name, bias)
        lab.api.create_model(
            ModelName=name,
            ExecutionRoleArn=lab.cloud.role_arn,
            Containers=[{"Image": IMAGE, "ModelDataUrl": url}],
        )
        variants.append(
            {
                "VariantName": name,
                "ModelName": name,
                "InstanceType": "ml.g5.xlarge",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": weight,
            }
        )
    lab.api.create_endpoint_config(EndpointConfigName="ab", ProductionVariants=variants)
    lab.api.create_endpoint(EndpointName="ab", EndpointConfigName="ab")
    assert lab.settled("ab")["EndpointStatus"] == "InService"
    scores = [score(lab, "ab") for _ in range(120)]
    assert set(scores) == {3.0, 103.0}
    assert 60 < scores.count(3.0) < 115
    assert score(lab, "ab", TargetVariant="New") == 103.0


def test_an_instance_type_must_exist(lab: SageMakerLab, tmp_path: Path) -> None:
    url = put_model(lab, tmp_path, "m", 0.0)
    for kind in ("ml.g6.xlarge", "ml.p5.48xlarge", "ml.inf2.xlarge", "ml.trn1.2xlarge"):
        name = kind.replace(".", "-")
        create_config(lab, name, {"Image": IMAGE, "ModelDataUrl": url}, InstanceType=kind)
    with pytest.raises(ClientError, match=r"ml\.m5\.tiny"):
        create_config(lab, "tiny", {"Image": IMAGE, "ModelDataUrl": url}, InstanceType="ml.m5.tiny")


def test_packages_count_up_tell_their_state_and_serve_when_approved(
    lab: SageMakerLab, tmp_path: Path
) -> None:
    url = put_model(lab, tmp_path, "packed", 10.0)
    lab.api.create_model_package_group(ModelPackageGroupName="digits")
    specification = {
        "Containers": [{"Image": IMAGE, "ModelDataUrl": url}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["application/json"],
    }

    def register(**more: Any) -> str:
        answer = lab.api.create_model_package(
            ModelPackageGroupName="digits", InferenceSpecification=specification, **more
        )
        return str(answer["ModelPackageArn"])

    waiting = register()
    assert waiting.endswith("model-package/digits/1")
    assert register(ModelApprovalStatus="Approved").endswith("model-package/digits/2")
    create_config(lab, "waiting", {"ModelPackageName": waiting})
    lab.api.create_endpoint(EndpointName="waiting", EndpointConfigName="waiting")
    refused = lab.settled("waiting")
    assert refused["EndpointStatus"] == "Failed"
    assert "PendingManualApproval" in refused["FailureReason"]

    lab.api.update_model_package(ModelPackageArn=waiting, ModelApprovalStatus="Approved")
    lab.api.create_endpoint(EndpointName="approved", EndpointConfigName="waiting")
    assert lab.settled("approved")["EndpointStatus"] == "InService"
    assert score(lab, "approved") == 13.0

    told = [
        event
        for event in lab.cloud.context.events.events
        if event["detail_type"] == "SageMaker Model Package State Change"
    ]
    assert [
        (e["detail"]["ModelPackageVersion"], e["detail"]["ModelApprovalStatus"]) for e in told
    ] == [
        (1, "PendingManualApproval"),
        (2, "Approved"),
        (1, "Approved"),
    ]
    last = told[-1]
    assert last["source"] == "aws.sagemaker"
    assert last["resources"] == [waiting]
    assert last["detail"]["ModelPackageGroupName"] == "digits"
    assert last["detail"]["InferenceSpecification"]["Containers"][0]["Image"] == IMAGE
    assert json.loads(json.dumps(last["detail"]))["CreationTime"].endswith("Z")


SLOW = """
import http.server, os, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body == b"slow":
            time.sleep(30)
        if body == b"die":
            os._exit(3)
        answer = (self.headers["X-Amzn-SageMaker-Custom-Attributes"] or "").encode() + b"|" + body
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Content-Type", "text/x-echo")
        self.send_header("X-Amzn-SageMaker-Custom-Attributes", "trace-7")
        self.end_headers(); self.wfile.write(answer)
port = int(os.environ["SAGEMAKER_BIND_TO_PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def test_bytes_and_attributes_pass_through_and_silence_is_a_model_error(
    lab: SageMakerLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "slow.py"
    script.write_text(SLOW)

    class Slow(Engine):
        def command(self, verb: str) -> list[str]:
            return [sys.executable, str(script), verb]

    engines = (*registry.ENGINES, Slow("slow", "slow", "slow", "a test"))
    monkeypatch.setattr(registry.find_engine, "__defaults__", (engines,))
    monkeypatch.setattr(lab.hosting, "_invocation_seconds", 0.5)
    create_config(lab, "slow", {"Image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/slow:1"})
    lab.api.create_endpoint(EndpointName="slow", EndpointConfigName="slow")
    assert lab.settled("slow")["EndpointStatus"] == "InService"

    answer = lab.runtime.invoke_endpoint(
        EndpointName="slow",
        Body=b"\x00\xff\xfe",
        ContentType="application/octet-stream",
        CustomAttributes="trace-1",
    )
    assert answer["Body"].read() == b"trace-1|\x00\xff\xfe"
    assert answer["ContentType"] == "text/x-echo"
    assert answer["CustomAttributes"] == "trace-7"
    for body in (b"slow", b"die"):
        with pytest.raises(ClientError) as caught:
            lab.runtime.invoke_endpoint(EndpointName="slow", Body=body)
        assert caught.value.response["Error"]["Code"] == "ModelError"
        assert caught.value.response["OriginalStatusCode"] == 0
    said = caught.value.response["OriginalMessage"]
    assert said.startswith("Amazon SageMaker could not get a response from the slow endpoint.")

    def answered() -> bytes | None:
        with suppress(lab.runtime.exceptions.ModelError):
            return bytes(lab.runtime.invoke_endpoint(EndpointName="slow", Body=b"x")["Body"].read())
        return None

    assert eventually(answered, 30).endswith(b"|x")
    assert lab.api.describe_endpoint(EndpointName="slow")["EndpointStatus"] == "InService"
