"""Batch transform: a model answers the objects below a prefix, in the order of their lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from penstock.localcloud.engines import registry
from penstock.localcloud.engines.engine import Engine
from penstock.localcloud.ledger import Life
from tests.callers import DEPLOYER, Callers
from tests.offline.sagemaker_lab import IMAGE, SageMakerLab
from tests.offline.test_hosting_worker import put_model
from tests.waiting import eventually

pytestmark = pytest.mark.offline

LINES = "application/jsonlines"


class TransformLab(SageMakerLab):
    """The laboratory, and transform jobs over `s3://lab/in/`."""

    def model(self, name: str, container: dict[str, Any]) -> None:
        self.api.create_model(
            ModelName=name,
            ExecutionRoleArn=self.cloud.role_arn,
            PrimaryContainer=container,
            EnableNetworkIsolation=True,
        )

    def put(self, key: str, text: str) -> None:
        self.s3.put_object(Bucket="lab", Key=f"in/{key}", Body=text.encode())

    def transform(self, job: str, model: str, **changes: Any) -> dict[str, Any]:
        """Create a job and wait for its end; `changes` replace or extend the request's members."""
        self.create(job, model, **changes)
        return self.over(job)

    def create(self, job: str, model: str, **changes: Any) -> dict[str, Any]:
        request: dict[str, Any] = {
            "TransformJobName": job,
            "ModelName": model,
            "TransformInput": {
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://lab/in/"}},
                "ContentType": "text/csv",
                "SplitType": "Line",
            },
            "TransformOutput": {
                "S3OutputPath": "s3://lab/out",
                "Accept": LINES,
                "AssembleWith": "Line",
            },
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        }
        for name, value in changes.items():
            old = request.get(name)
            request[name] = {**old, **value} if isinstance(old, dict) else value
        answer: dict[str, Any] = self.api.create_transform_job(**request)
        return answer

    def over(self, job: str) -> dict[str, Any]:
        def describe() -> dict[str, Any] | None:
            found = self.api.describe_transform_job(TransformJobName=job)
            over = found["TransformJobStatus"] not in ("InProgress", "Stopping")
            return found if over else None

        return eventually(describe, 60)

    def output(self, name: str) -> str:
        body = self.s3.get_object(Bucket="lab", Key=f"out/{name}.out")["Body"]
        return str(body.read().decode())

    def outputs(self) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket="lab", Prefix="out/").get("Contents", [])
        return [found["Key"] for found in listed]

    def logged(self, stream: str) -> list[str]:
        events = self.cloud.client("logs").get_log_events(
            logGroupName="/aws/sagemaker/TransformJobs", logStreamName=stream, startFromHead=True
        )["events"]
        return [event["message"] for event in events]


@pytest.fixture
def lab(bare_cloud: Any) -> Iterator[TransformLab]:
    laboratory = TransformLab(bare_cloud)
    yield laboratory
    laboratory.close()


@pytest.fixture
def adder(lab: TransformLab, tmp_path: Path) -> str:
    """A model that answers x0 + x1 + 10."""
    lab.model("adder", {"Image": IMAGE, "ModelDataUrl": put_model(lab, tmp_path, "adder", 10.0)})
    return "adder"


ECHO = r"""
import http.server, json, os, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        wishes = self.path == "/execution-parameters"
        body = json.dumps({"MaxConcurrentTransforms": 4, "BatchStrategy": "SingleRecord"}).encode()
        self.answer(200, body if wishes else b"")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if b"ill" in body:
            return self.answer(int(body.split()[-1]), b"I do not like it")
        # the first records take longest, so that answers come in the wrong order
        if body.endswith(b",x"):
            time.sleep(max(0.0, 0.2 - 0.02 * int(body[:-2])))
        seen = {name: os.environ.get(name) for name in os.environ if "BATCH" in name}
        if body == b"env":
            body = json.dumps(seen).encode()
        self.answer(200, body)
    def answer(self, status, body):
        sys.stdout.write(f"{self.command} {status} {len(body)}\n")  # one write: it has threads
        sys.stdout.flush()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers(); self.wfile.write(body)
port = int(os.environ["SAGEMAKER_BIND_TO_PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def echo(lab: TransformLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A container that answers what it gets, and asks for four requests of one record each."""
    script = tmp_path / "echo.py"
    script.write_text(ECHO)

    class Echo(Engine):
        def command(self, verb: str) -> list[str]:
            return [sys.executable, str(script), verb]

    engines = (*registry.ENGINES, Echo("echo", "echo", "echo", "a test"))
    monkeypatch.setattr(registry.find_engine, "__defaults__", (engines,))
    lab.model("echo", {"Image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/echo:1"})
    return "echo"


def test_each_line_is_answered_in_its_place(lab: TransformLab, adder: str) -> None:
    lab.put("a/rows.csv", "1,2\n3,4\n5,6")
    lab.put("rows.csv", "0,0\n")
    job = lab.transform("j", adder, TransformOutput={"KmsKeyId": "alias/lake"})
    assert job["TransformJobStatus"] == "Completed"
    assert "FailureReason" not in job
    assert job["CreationTime"] <= job["TransformStartTime"] <= job["TransformEndTime"]
    assert lab.outputs() == ["out/a/rows.csv.out", "out/rows.csv.out"]
    answers = [json.loads(line)["score"] for line in lab.output("a/rows.csv").splitlines()]
    assert answers == [13.0, 17.0, 21.0]
    written = lab.s3.head_object(Bucket="lab", Key="out/rows.csv.out")
    assert (written["ServerSideEncryption"], written["SSEKMSKeyId"]) == ("aws:kms", "alias/lake")


def test_a_model_of_a_package_is_asked_and_no_container_is_left(
    lab: TransformLab, tmp_path: Path
) -> None:
    lab.api.create_model_package_group(ModelPackageGroupName="g")
    package = lab.api.create_model_package(
        ModelPackageGroupName="g",
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [
                {"Image": IMAGE, "ModelDataUrl": put_model(lab, tmp_path, "packaged", 1.0)}
            ],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": [LINES],
        },
    )["ModelPackageArn"]
    lab.model("packaged", {"ModelPackageName": package})
    lab.put("one.csv", "1,1\n")
    assert lab.transform("j", "packaged")["TransformJobStatus"] == "Completed"
    assert json.loads(lab.output("one.csv")) == {"score": 3.0}
    assert not list((lab.cloud.context.workdir / "transform").iterdir())
    (entry,) = lab.cloud.context.ledger.entries()
    assert (entry.type, entry.life) == ("SageMaker inference image", Life.SUBSTITUTED)


def test_the_end_is_an_event_and_the_log_says_what_happened(lab: TransformLab, adder: str) -> None:
    lab.put("rows.csv", "1,2\n")
    lab.transform("j", adder, BatchStrategy="MultiRecord", MaxPayloadInMB=2)
    (event,) = lab.cloud.context.events.events
    assert event["detail_type"] == "SageMaker Transform Job State Change"
    assert event["detail"]["TransformJobStatus"] == "Completed"
    assert event["detail"]["ModelName"] == "adder"
    settings, written = lab.logged("j/i-local0001/data-log")
    assert settings == "MaxConcurrentTransforms=1, MaxPayloadInMB=2, BatchStrategy=MultiRecord"
    assert "s3://lab/out/rows.csv.out" in written
    assert any("serves a regressor" in line for line in lab.logged("j/i-local0001"))
    (listed,) = lab.api.list_transform_jobs(StatusEquals="Completed")["TransformJobSummaries"]
    assert listed["TransformJobName"] == "j"


def test_a_bad_record_leaves_no_output_and_the_other_objects_are_answered(
    lab: TransformLab, adder: str
) -> None:
    lab.put("1-good.csv", "1,2\n")
    lab.put("2-bad.csv", "1,2\nid,label\n")
    lab.put("3-good.csv", "3,4\n")
    job = lab.transform("j", adder)
    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: See job logs for more information")
    assert "s3://lab/in/2-bad.csv" in job["FailureReason"]
    assert lab.outputs() == ["out/1-good.csv.out", "out/3-good.csv.out"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("s3://lab/nothing.tar.gz", "ClientError"),
        (None, "did not pass the ping health check"),
    ],
)
def test_a_model_that_cannot_serve_fails_the_job(
    lab: TransformLab, data: str | None, reason: str
) -> None:
    lab.model("broken", {"Image": IMAGE, **({"ModelDataUrl": data} if data else {})})
    lab.put("rows.csv", "1,2\n")
    job = lab.transform("j", "broken")
    assert job["TransformJobStatus"] == "Failed"
    assert reason in job["FailureReason"]


def test_a_prefix_without_objects_fails_the_job(lab: TransformLab, adder: str) -> None:
    job = lab.transform("j", adder)
    assert "there is no object under s3://lab/in/" in job["FailureReason"]


def test_answers_keep_their_order_though_requests_overtake_each_other(
    lab: TransformLab, echo: str
) -> None:
    rows = [f"{number},x" for number in range(12)]
    lab.put("rows.csv", "\n".join(rows) + "\n")
    lab.transform("j", echo)  # the container asked for four requests of one record each
    assert lab.output("rows.csv") == "\n".join(rows) + "\n"
    # its threads may write two lines into one
    assert "".join(lab.logged("j/i-local0001")).count("POST 200") == 12


def test_the_requests_own_settings_come_first_and_are_told_to_the_container(
    lab: TransformLab, echo: str
) -> None:
    lab.put("env", "env")
    lab.transform("j", echo, BatchStrategy="MultiRecord", Environment={"MY_BATCH": "7"})
    assert json.loads(lab.output("env")) == {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_BATCH_STRATEGY": "MULTI_RECORD",
        "MY_BATCH": "7",
    }


def test_an_object_that_is_not_split_is_one_request_and_stays_below_the_limit(
    lab: TransformLab, echo: str
) -> None:
    lab.put("1-whole.csv", "a\nb\n\nc")
    lab.put("2-large.csv", "x" * ((1 << 20) + 1))
    job = lab.transform(
        "j",
        echo,
        TransformInput={"SplitType": "None"},
        TransformOutput={"AssembleWith": "None"},
        MaxPayloadInMB=1,
    )
    assert "MaxPayloadInMB" in job["FailureReason"]
    assert lab.outputs() == ["out/1-whole.csv.out"]
    assert lab.output("1-whole.csv") == "a\nb\n\nc"


@pytest.mark.parametrize(("status", "tries"), [(503, 3), (400, 1)])
def test_a_servers_error_is_tried_again_and_a_clients_is_not(
    lab: TransformLab, echo: str, status: int, tries: int
) -> None:
    lab.put("rows.csv", f"ill {status}\n")
    job = lab.transform("j", echo, ModelClientConfig={"InvocationsMaxRetries": 2})
    assert job["TransformJobStatus"] == "Failed"
    posts = [line for line in lab.logged("j/i-local0001") if line.startswith("POST")]
    assert posts == [f"POST {status} 16"] * tries


def test_a_column_is_kept_from_the_model_and_joined_to_its_answer(
    lab: TransformLab, echo: str
) -> None:
    lab.put("rows.csv", 'a,7,"x,y"\nb,8,z\n')
    lab.transform(
        "j",
        echo,
        TransformOutput={"Accept": "text/csv"},
        DataProcessing={"InputFilter": "$[1]", "JoinSource": "Input", "OutputFilter": "$[0,2:]"},
        BatchStrategy="MultiRecord",
    )
    assert lab.output("rows.csv") == 'a,"x,y",7\nb,z,8\n'


def test_a_stopped_job_is_stopped_and_writes_nothing(lab: TransformLab, echo: str) -> None:
    lab.put("rows.csv", "0,x\n" * 2000)
    lab.create("j", echo, MaxConcurrentTransforms=1, BatchStrategy="SingleRecord")

    def started() -> dict[str, Any] | None:
        found = lab.api.describe_transform_job(TransformJobName="j")
        return found if "TransformStartTime" in found else None

    eventually(started, 30)
    lab.api.stop_transform_job(TransformJobName="j")
    assert lab.over("j")["TransformJobStatus"] == "Stopped"
    assert lab.outputs() == []
    with pytest.raises(ClientError, match="Stopped"):
        lab.api.stop_transform_job(TransformJobName="j")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"TransformInput": {"SplitType": "TFRecord"}}, "SplitType TFRecord"),
        ({"TransformInput": {"CompressionType": "Gzip"}}, "CompressionType Gzip"),
        ({"DataProcessing": {"InputFilter": "$[1:3]"}}, "name the indexes"),
        ({"DataProcessing": {"JoinSource": "Input"}}, "TransformOutput.Accept"),
        ({"MaxPayloadInMB": 60, "MaxConcurrentTransforms": 2}, "exceeds 100 MB"),
        ({"MaxPayloadInMB": 0}, "chunked"),
        ({"ModelName": "nobody"}, "Could not find model"),
    ],
)
def test_what_is_not_carried_out_is_refused_by_name(
    lab: TransformLab, adder: str, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(ClientError, match=says):
        lab.create("j", adder, **changes)
    assert lab.api.list_transform_jobs()["TransformJobSummaries"] == []


def test_a_jobs_name_is_good_for_one_job(lab: TransformLab, adder: str) -> None:
    lab.put("rows.csv", "1,2\n")
    lab.transform("j", adder)
    with pytest.raises(ClientError, match="already exists") as refused:
        lab.create("j", adder)
    assert refused.value.response["Error"]["Code"] == "ResourceInUse"


def test_data_answers_and_log_go_through_the_role_of_the_model(
    lab: TransformLab, adder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.put("a.csv", "1,2\n")
    callers = Callers(lab.cloud.context.account_id)
    callers.watch(monkeypatch)
    assert lab.transform("j", adder)["TransformJobStatus"] == "Completed"
    role = lab.cloud.role_arn.rsplit("/", 1)[1]
    made = callers.by_role()[role]
    assert {"s3 GET bucket", "s3 GET in/", "s3 PUT out/", "logs PutLogEvents"} <= made
    assert not {call for call in callers.by_role()[DEPLOYER] if call.startswith(("s3", "logs"))}
