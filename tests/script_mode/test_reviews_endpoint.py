"""The reviews' serving program behind a real endpoint and in a transform job of the local cloud."""

from __future__ import annotations

import io
import json
import random
import subprocess
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from penstock.catalog.frameworks import Device, framework_image
from tests.offline.bare_cloud import patched, running_server
from tests.offline.sagemaker_lab import SageMakerLab
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
JSON, LINES, TEXT = "application/json", "application/jsonlines", "text/plain"
ENDPOINT = "reviews-dev"
PATIENCE_SECONDS = 300  # until PyTorch is imported on a busy machine

pytestmark = [
    pytest.mark.offline,
    pytest.mark.xdist_group("reviews-endpoint"),
]

_WORDS = ["a", "film", "without", "plot", "wonderful", "dull", "never", "ends", "!", "scene"]
_chance = random.Random(5)
TEXTS = [" ".join(_chance.choices(_WORDS, k=_chance.randint(1, 80))) for _ in range(60)]


class Reviews:
    """A laboratory with the endpoint in service; `expected` is what the program itself answers."""

    def __init__(self, lab: SageMakerLab, folder: Path, torch: Path) -> None:
        self.lab = lab
        self.folder = folder
        (folder / "texts.json").write_text(json.dumps(TEXTS))
        program = Path(__file__).with_name("small_classifier.py")
        subprocess.run(
            [torch, program, folder, folder / "texts.json"],
            env={"PYTHONPATH": str(ROOT)},
            check=True,
        )
        self.expected = dict(
            zip(TEXTS, json.loads((folder / "answers.json").read_text()), strict=True)
        )
        self.create_model("reviews", self.put_archive("reviews"))
        self.create_endpoint("reviews", ENDPOINT)
        found = lab.settled(ENDPOINT, PATIENCE_SECONDS)
        assert found["EndpointStatus"] == "InService", found

    def put_archive(self, key: str, leave_out: str = "nothing", below: str = ".") -> str:
        """model.tar.gz of the folder, or of one below it, without a file; its address."""
        folder = self.folder / below / "model"
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            for path in sorted(folder.rglob("*")):
                name = str(path.relative_to(folder))
                if path.is_file() and name != leave_out:
                    tar.add(path, arcname=name)
        self.lab.s3.put_object(Bucket="lab", Key=f"{key}.tar.gz", Body=archive.getvalue())
        return f"s3://lab/{key}.tar.gz"

    def create_model(self, name: str, url: str, device: Device = "cpu", **environment: str) -> None:
        image = framework_image("huggingface-pytorch", "inference", device)
        registry = "763104351884.dkr.ecr.us-east-1.amazonaws.com"
        self.lab.api.create_model(
            ModelName=name,
            ExecutionRoleArn=self.lab.cloud.role_arn,
            PrimaryContainer={
                "Image": f"{registry}/{image.repository}:{image.tag}",
                "ModelDataUrl": url,
                "Environment": {"SAGEMAKER_PROGRAM": "inference.py", **environment},
            },
            EnableNetworkIsolation=True,
        )

    def create_endpoint(self, model: str, endpoint: str) -> None:
        self.lab.api.create_endpoint_config(
            EndpointConfigName=endpoint,
            ProductionVariants=[
                {
                    "VariantName": "AllTraffic",
                    "ModelName": model,
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                }
            ],
            DataCaptureConfig={
                "EnableCapture": True,
                "InitialSamplingPercentage": 100,
                "DestinationS3Uri": "s3://lab/capture",
                "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
                "CaptureContentTypeHeader": {"JsonContentTypes": [JSON, LINES]},
            },
        )
        self.lab.api.create_endpoint(EndpointName=endpoint, EndpointConfigName=endpoint)

    def ask(self, body: str | bytes, content_type: str, accept: str = "") -> tuple[str, str]:
        """The answer and its type."""
        accepted = {"Accept": accept} if accept else {}
        answer = self.lab.runtime.invoke_endpoint(
            EndpointName=ENDPOINT, Body=body, ContentType=content_type, **accepted
        )
        return answer["Body"].read().decode(), answer["ContentType"]

    def predictions(self, texts: list[str]) -> list[dict[str, Any]]:
        answer, _ = self.ask(json.dumps({"texts": texts}), JSON)
        found: list[dict[str, Any]] = json.loads(answer)["predictions"]
        return found

    def captured(self) -> list[dict[str, Any]]:
        listed = self.lab.s3.list_objects_v2(Bucket="lab", Prefix=f"capture/{ENDPOINT}/")
        return [
            json.loads(line)["captureData"]
            for entry in listed.get("Contents", [])
            for line in self.lab.s3.get_object(Bucket="lab", Key=entry["Key"])["Body"]
            .read()
            .splitlines()
        ]


@pytest.fixture(scope="module")
def reviews(torch: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviews]:
    with running_server(tmp_path_factory.mktemp("cloud")) as context, patched(context) as cloud:
        lab = SageMakerLab(cloud, invocation_seconds=60)
        try:
            yield Reviews(lab, tmp_path_factory.mktemp("reviews"), torch)
        finally:
            lab.close()


def same(found: list[dict[str, Any]], expected: list[dict[str, Any]], within: float = 5e-5) -> bool:
    """Up to what a batch changes in the order of additions; texts differ by more."""
    return len(found) == len(expected) and all(
        one["predicted_label"] == other["predicted_label"]
        and one["tokens"] == other["tokens"]
        and one["scores"] == pytest.approx(other["scores"], abs=within)
        and one["score"] == max(one["scores"])
        for one, other in zip(found, expected, strict=True)
    )


def test_texts_tell_themselves_apart_in_their_answers(reviews: Reviews) -> None:
    """What the other tests compare by."""
    scores = {round(answer["scores"][0], 4) for answer in reviews.expected.values()}
    assert len(scores) > 0.9 * len(TEXTS)
    assert {answer["predicted_label"] for answer in reviews.expected.values()} == {0, 1}
    assert {answer["tokens"] for answer in reviews.expected.values()} >= {3, 48}


def test_json_is_answered_as_the_program_does_when_called_directly(reviews: Reviews) -> None:
    answer, kind = reviews.ask(json.dumps({"text": TEXTS[0]}), JSON)
    assert kind == JSON
    assert same(json.loads(answer)["predictions"], [reviews.expected[TEXTS[0]]])
    # of very different lengths: batches go by length, answers do not
    assert same(reviews.predictions(TEXTS), [reviews.expected[text] for text in TEXTS])


def test_lines_and_plain_text_are_read_too(reviews: Reviews) -> None:
    lines = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS[:7])
    answer, kind = reviews.ask(lines, LINES, LINES)
    assert kind == LINES
    found = [json.loads(line) for line in answer.splitlines()]
    assert same(found, [reviews.expected[text] for text in TEXTS[:7]])
    answer, kind = reviews.ask(TEXTS[3].encode(), TEXT)
    assert kind == JSON
    assert same(json.loads(answer)["predictions"], [reviews.expected[TEXTS[3]]])


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b'{"texts": ["a", 5]}', JSON, "texts[1] is 5: a text must be a string"),
        (b'{"text": "a"}\n{}', LINES, "line 2 has fields []: a line must have text"),
        (b"a,b", "text/csv", "Content-Type is 'text/csv': this model reads application/json"),
        (b"\xff", TEXT, "byte 0 of the body is 0xff: a body is UTF-8"),
    ],
)
def test_a_wrong_request_is_the_clients_error_in_one_line(
    reviews: Reviews, body: bytes, content_type: str, words: str
) -> None:
    with pytest.raises(ClientError) as caught:
        reviews.ask(body, content_type)
    answer: dict[str, Any] = dict(caught.value.response)
    assert answer["Error"]["Code"] == "ModelError"
    assert answer["OriginalStatusCode"] == 400
    message = json.loads(answer["OriginalMessage"])["message"]
    assert message.startswith(words)
    assert "\n" not in message


def test_answers_to_many_callers_are_not_mixed_up(reviews: Reviews) -> None:
    def calls(number: int) -> bool:
        order = random.Random(number).sample(TEXTS, 10)
        return all(
            same(reviews.predictions([text]), [reviews.expected[text]]) for text in order
        ) and same(reviews.predictions(order), [reviews.expected[text] for text in order])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(calls, range(8)))


def test_requests_are_captured_with_their_answers(reviews: Reviews) -> None:
    body = json.dumps({"texts": ["the one to be captured", TEXTS[0]]})
    answer, _ = reviews.ask(body, JSON)

    def look() -> dict[str, Any] | None:
        found = [one for one in reviews.captured() if one["endpointInput"]["data"] == body]
        return found[0] if found else None

    reviews.lab.cloud.context.clock.sleep(120)
    captured = eventually(look, 20)
    assert captured["endpointInput"]["encoding"] == "JSON"
    output = captured["endpointOutput"]
    assert (output["data"], output["encoding"]) == (answer, "JSON")
    assert output["observedContentType"] == JSON
    tokens = [one["tokens"] for one in json.loads(output["data"])["predictions"]]
    assert tokens[1] == reviews.expected[TEXTS[0]]["tokens"]


def test_a_transform_job_answers_line_by_line(reviews: Reviews) -> None:
    api, s3 = reviews.lab.api, reviews.lab.s3
    lines = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS)
    s3.put_object(Bucket="lab", Key="holdout/test_features.jsonl", Body=lines.encode())
    job = "judge"
    api.create_transform_job(
        TransformJobName=job,
        ModelName="reviews",
        BatchStrategy="MultiRecord",
        TransformInput={
            "DataSource": {
                "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://lab/holdout/"}
            },
            "ContentType": LINES,
            "SplitType": "Line",
        },
        TransformOutput={
            "S3OutputPath": f"s3://lab/{job}",
            "Accept": LINES,
            "AssembleWith": "Line",
        },
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )

    def over() -> dict[str, Any] | None:
        found = api.describe_transform_job(TransformJobName=job)
        return found if found["TransformJobStatus"] != "InProgress" else None

    assert eventually(over, PATIENCE_SECONDS)["TransformJobStatus"] == "Completed"
    key = f"{job}/test_features.jsonl.out"
    answers = s3.get_object(Bucket="lab", Key=key)["Body"].read().decode()
    found = [json.loads(line) for line in answers.splitlines()]
    assert same(found, [reviews.expected[text] for text in TEXTS])


def test_what_the_archive_lacks_is_not_taken_from_the_repository(reviews: Reviews) -> None:
    url = reviews.put_archive("lacking", leave_out="code/jobs/reviews/tokenizer.py")
    reviews.create_model("lacking", url)
    reviews.create_endpoint("lacking", "lacking")
    found = reviews.lab.settled("lacking", PATIENCE_SECONDS)
    assert found["EndpointStatus"] == "Failed"
    assert "No module named 'jobs.reviews.tokenizer'" in found["FailureReason"]


def test_several_workers_answer_alike(reviews: Reviews) -> None:
    reviews.create_model("two", "s3://lab/reviews.tar.gz", SAGEMAKER_MODEL_SERVER_WORKERS="2")
    reviews.create_endpoint("two", "two")
    assert reviews.lab.settled("two", PATIENCE_SECONDS)["EndpointStatus"] == "InService"

    def ask(text: str) -> bool:
        answer = reviews.lab.runtime.invoke_endpoint(
            EndpointName="two", Body=json.dumps({"text": text}), ContentType=JSON
        )
        return same(json.loads(answer["Body"].read())["predictions"], [reviews.expected[text]])

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, TEXTS[:20]))


def test_what_was_compiled_answers_instead_of_the_plain_model(reviews: Reviews) -> None:
    # without the plain weights there is nothing else to answer with
    url = reviews.put_archive("compiled", leave_out="model.safetensors", below="compiled")
    reviews.create_model("compiled", url, device="neuron")
    reviews.create_endpoint("compiled", "compiled")
    found = reviews.lab.settled("compiled", PATIENCE_SECONDS)
    assert found["EndpointStatus"] == "InService", found
    for texts in (TEXTS[:1], TEXTS[:7]):
        answer = reviews.lab.runtime.invoke_endpoint(
            EndpointName="compiled", Body=json.dumps({"texts": texts}), ContentType=JSON
        )
        predictions = json.loads(answer["Body"].read())["predictions"]
        # the compiled model's attention adds in another order
        assert same(predictions, [reviews.expected[text] for text in texts], within=1e-4)
