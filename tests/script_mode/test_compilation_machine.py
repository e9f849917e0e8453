"""The training machine as synthesized, from where a reviews' model has passed the gate: it is
compared by plain weights, compiled, registered, and an endpoint answers by the compiled one. Jobs,
function and endpoint are the real workers'; Prepare and Train are left out.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import CONFIGURATION
from penstock.localcloud.shims import functions, stepfunctions
from penstock.localcloud.workers.functions import FunctionsWorker
from stacks.script_package import archive
from tests.compiled_reviews import COMPILED_REVIEWS
from tests.offline.sagemaker_lab import SageMakerLab
from tests.offline.test_step_functions import execute
from tests.offline.training_machine_lab import as_deployed
from tests.synth.conftest import synthesized

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("compilation-machine")]

ROOT = Path(__file__).parents[2]
RUN = "0123456789abcdef0123456789abcdef"
PREPARED = f"prepared/{RUN}"
TRAINED = "models/trained/output/model.tar.gz"
TEXTS = [
    "a dull film without a plot",
    "wonderful , never dull , and the scene at its end a wonder",
    "never again !",
    "a film",
]


@pytest.fixture
def states(lab: SageMakerLab, compare: str, tmp_path: Path) -> dict[str, Any]:
    """Those of the machine, in the cloud's names."""
    context = json.loads(CONFIGURATION.read_text())["context"]
    stage = synthesized(context, tmp_path / "assembly", COMPILED_REVIEWS)
    references = {r"TrainingComparisonCompareFunction[^>]*\.Arn": compare}
    found = as_deployed(stage.machine("Training")["States"], lab.cloud.role_arn, references)
    _, code = found["Compile"]["Parameters"]["InputDataConfig"]
    code["DataSource"]["S3DataSource"]["S3Uri"] = "s3://lab/code/sourcedir.tar.gz"
    where = found["Compile"]["Parameters"]["HyperParameters"]
    where["sagemaker_submit_directory"] = json.dumps("/opt/ml/input/data/code/sourcedir.tar.gz")
    return found


def execution(lab: SageMakerLab, states: dict[str, Any], accuracy: float) -> dict[str, Any]:
    """DescribeExecution's answer for a new model of this accuracy."""
    passed = {
        "run": RUN,
        "prepared_uri": f"s3://lake/{PREPARED}/",
        "training_job_name": "trained",
        "artifact_uri": f"s3://artifacts/{TRAINED}",
        "metric_values": [accuracy],
    }
    begin = {"Type": "Pass", "Result": passed, "Next": "ReadServedModel"}
    return execute(lab.cloud, {"Prepare": begin, **without(states, "Prepare")}, seconds=180)


def without(states: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: state for key, state in states.items() if key != name}


def serve(lab: SageMakerLab, package: str) -> None:
    """Say what is served, as the deployment machine does."""
    lab.cloud.client("ssm").put_parameter(
        Name="/penstock/digits/dev/model-package-arn", Type="String", Value=package, Overwrite=True
    )


@pytest.fixture
def compare(lab: SageMakerLab) -> Iterator[str]:
    """The function that compares models."""
    worker = FunctionsWorker(lab.cloud.context)
    functions.install(lab.cloud.patches, invoker=worker)
    worker.start()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.write(ROOT / "lambda/compare_models/handler.py", "handler.py")
    yield lab.cloud.client("lambda").create_function(
        FunctionName="compare",
        Runtime="python3.13",
        Role=lab.cloud.role_arn,
        Handler="handler.handler",
        Timeout=60,
        Code={"ZipFile": packed.getvalue()},
    )["FunctionArn"]
    worker.stop()


@pytest.fixture
def expected(lab: SageMakerLab, torch: Path, tmp_path: Path) -> list[dict[str, Any]]:
    """What the plain model answers, once it is where a training leaves it."""
    (tmp_path / "texts.json").write_text(json.dumps(TEXTS))
    program = Path(__file__).with_name("small_classifier.py")
    subprocess.run(
        [torch, program, tmp_path, tmp_path / "texts.json"],
        env={"PYTHONPATH": str(ROOT)},
        check=True,
    )
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for path in sorted((tmp_path / "model").iterdir()):
            tar.add(path, arcname=path.name)
    for bucket in ("artifacts", "lake"):
        lab.s3.create_bucket(Bucket=bucket)
    lab.s3.put_object(Bucket="artifacts", Key=TRAINED, Body=packed.getvalue())
    code = archive("jobs/reviews", ["train.py", "compile.py"])
    lab.s3.put_object(Bucket="lab", Key="code/sourcedir.tar.gz", Body=code)
    lab.api.create_model_package_group(ModelPackageGroupName="digits-dev")
    stepfunctions.install(
        lab.cloud.patches, clients=lab.cloud.context.clients, clock=lab.cloud.context.clock
    )
    found: list[dict[str, Any]] = json.loads((tmp_path / "answers.json").read_text())
    return found


def test_the_compiled_model_is_registered_and_answers_like_the_plain_one(
    lab: SageMakerLab, expected: list[dict[str, Any]], states: dict[str, Any]
) -> None:
    serve(lab, "none")
    result = execution(lab, states, accuracy=0.7)
    assert result["status"] == "SUCCEEDED", (result.get("error"), result.get("cause"))
    output = json.loads(result["output"])
    package = lab.api.describe_model_package(ModelPackageName=output["model_package_arn"])
    metadata = package["CustomerMetadataProperties"]
    (container,) = package["InferenceSpecification"]["Containers"]
    assert "huggingface-pytorch-inference-neuronx" in container["Image"]
    assert metadata["plain_model_data_url"] == f"s3://artifacts/{TRAINED}"
    assert metadata["compiled_model_data_url"] == container["ModelDataUrl"]
    assert container["ModelDataUrl"] != metadata["plain_model_data_url"]

    names = contents(lab, container["ModelDataUrl"])
    assert names - contents(lab, metadata["plain_model_data_url"]) == {
        "compile.json",
        "model.neuron/1x48.pt",
        "model.neuron/16x48.pt",
    }
    log = lab.log_lines(metadata["compilation_job_name"])
    assert any("torch.jit.trace on the CPU stands in" in line for line in log)
    (entry,) = [
        entry
        for entry in lab.cloud.context.ledger.report()["entries"]
        if "huggingface-pytorch-training-neuronx" in entry["resource"]
    ]
    assert "torch.jit.trace for its compiler" in entry["by"]

    answers = served(lab, output["model_package_arn"])
    for answer, plain in zip(answers, expected, strict=True):
        assert answer["predicted_label"] == plain["predicted_label"]
        assert answer["scores"] == pytest.approx(plain["scores"], abs=1e-4)


def test_a_compiled_model_is_compared_by_its_plain_weights_on_a_cpu(
    lab: SageMakerLab, expected: list[dict[str, Any]], states: dict[str, Any]
) -> None:
    labels = [answer["predicted_label"] for answer in expected]
    labels[0] = 1 - labels[0]
    rows = [{"text": text} for text in TEXTS]
    for name, lines in {
        "test.csv": ["id,label,text", *(f"{n},{label},x" for n, label in enumerate(labels))],
        "test_features.jsonl": [json.dumps(row) for row in rows],
    }.items():
        body = "".join(f"{line}\n" for line in lines)
        lab.s3.put_object(Bucket="lake", Key=f"{PREPARED}/holdout/{name}", Body=body.encode())
    serve(lab, registered(lab, plain=f"s3://artifacts/{TRAINED}"))
    result = execution(lab, states, accuracy=0.7)
    assert result["status"] == "SUCCEEDED", (result.get("error"), result.get("cause"))
    output = json.loads(result["output"])
    assert output["serving_metric_value"] == 0.75
    assert output["registered"] is False
    (job,) = lab.api.list_transform_jobs()["TransformJobSummaries"]
    described = lab.api.describe_transform_job(TransformJobName=job["TransformJobName"])
    assert described["TransformResources"]["InstanceType"] == "ml.m5.xlarge"
    assert lab.api.list_models()["Models"] == []

    serve(lab, registered(lab, plain=None))
    result = execution(lab, states, accuracy=0.7)
    assert (result["status"], result["error"]) == ("FAILED", "ServedModelNotScored")


def registered(lab: SageMakerLab, plain: str | None) -> str:
    """A package whose compiled artefact is not there, so that nothing can answer by it."""
    arn: str = lab.api.create_model_package(
        ModelPackageGroupName="digits-dev",
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [
                {
                    "Image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/"
                    "huggingface-pytorch-inference-neuronx:1",
                    "ModelDataUrl": "s3://artifacts/models/compiled/output/model.tar.gz",
                }
            ],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        CustomerMetadataProperties={"plain_model_data_url": plain} if plain else {"by": "hand"},
    )["ModelPackageArn"]
    return arn


def contents(lab: SageMakerLab, address: str) -> set[str]:
    """The names of an artefact's files."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    body = lab.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        return {member.name.removeprefix("./") for member in tar if member.isfile()}


def served(lab: SageMakerLab, package: str) -> list[dict[str, Any]]:
    """What an endpoint with the package's model answers to the texts."""
    lab.api.create_model(
        ModelName="compiled",
        ExecutionRoleArn=lab.cloud.role_arn,
        PrimaryContainer={"ModelPackageName": package},
        EnableNetworkIsolation=True,
    )
    lab.api.create_endpoint_config(
        EndpointConfigName="compiled",
        ProductionVariants=[
            {
                "VariantName": "main",
                "ModelName": "compiled",
                "InstanceType": "ml.inf2.xlarge",
                "InitialInstanceCount": 1,
            }
        ],
    )
    lab.api.create_endpoint(EndpointName="compiled", EndpointConfigName="compiled")
    found = lab.settled("compiled", seconds=120)
    assert found["EndpointStatus"] == "InService", found
    answer = lab.runtime.invoke_endpoint(
        EndpointName="compiled",
        Body=json.dumps({"texts": TEXTS}),
        ContentType="application/json",
    )
    predictions: list[dict[str, Any]] = json.loads(answer["Body"].read())["predictions"]
    return predictions
