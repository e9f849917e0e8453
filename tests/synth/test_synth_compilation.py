"""A pipeline that answers on Inferentia2: the second training job, what is registered, compared."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stacks.script_package import archive
from tests.compiled_reviews import COMPILED_REVIEWS
from tests.synth.conftest import Synthesized, synthesized
from tests.synth.reading import as_list, text

NEURON_TRAINING = "huggingface-pytorch-training-neuronx"
NEURON_INFERENCE = "huggingface-pytorch-inference-neuronx"


@pytest.fixture(scope="module")
def compiled(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    return synthesized(context, tmp_path_factory.mktemp("compiled"), COMPILED_REVIEWS)


@pytest.fixture(scope="module")
def states(compiled: Synthesized) -> dict[str, Any]:
    found: dict[str, Any] = compiled.machine("Training")["States"]
    return found


def test_the_order_is_gate_comparison_compilation_registration(states: dict[str, Any]) -> None:
    beats = states["BeatsServing"]["Choices"]
    assert [choice["Next"] for choice in beats] == ["ComparisonFailed", "Compile"]
    assert states["NotCompared"]["Next"] == "Compile"
    assert states["Compile"]["Next"] == "DescribeCompilation"
    assert states["DescribeCompilation"]["Next"] == "IsCompiled"
    (completed,) = states["IsCompiled"]["Choices"]
    assert completed["StringEquals"] == "Completed"
    assert completed["Next"] == "Register"
    assert states["IsCompiled"]["Default"] == "CompilationStopped"
    assert states["CompilationStopped"]["Type"] == "Fail"


def test_the_job_compiles_the_trained_model_in_the_neuron_image(states: dict[str, Any]) -> None:
    job = states["Compile"]["Parameters"]
    assert NEURON_TRAINING in job["AlgorithmSpecification"]["TrainingImage"]
    assert json.loads(job["HyperParameters"]["sagemaker_program"]) == "compile.py"
    assert job["HyperParameters"]["batch_sizes"] == "1,16"
    model, code = job["InputDataConfig"]
    assert model["ChannelName"] == "model"
    assert model["InputMode"] == "File"
    assert model["DataSource"]["S3DataSource"]["S3Uri.$"] == "$.artifact_uri"
    trains = states["Train"]["Parameters"]
    assert code == trains["InputDataConfig"][-1]
    where = "sagemaker_submit_directory"
    assert job["HyperParameters"][where] == trains["HyperParameters"][where]


def test_the_job_is_isolated_and_gives_no_key_for_local_storage(states: dict[str, Any]) -> None:
    job = states["Compile"]["Parameters"]
    assert job["EnableNetworkIsolation"] is True
    assert job["OutputDataConfig"]["KmsKeyId"]
    assert job["ResourceConfig"] == {"InstanceType": "ml.trn1.2xlarge", "InstanceCount": 1}
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600}


def test_both_jobs_of_a_run_have_names_of_their_own(states: dict[str, Any]) -> None:
    names = {states[name]["Parameters"]["TrainingJobName.$"] for name in ("Train", "Compile")}
    assert len(names) == 2


def test_a_compilation_that_fails_is_told_of_like_a_training(states: dict[str, Any]) -> None:
    for kind in ("Retry", "Catch"):
        assert states["Compile"][kind] == states["Train"][kind]
    assert states["DescribeCompilation"]["Catch"] == states["DescribeTraining"]["Catch"]


def test_the_compiled_model_is_registered_with_both_addresses(states: dict[str, Any]) -> None:
    package = states["Register"]["Parameters"]
    (container,) = package["InferenceSpecification"]["Containers"]
    assert NEURON_INFERENCE in container["Image"]
    assert container["ModelDataUrl.$"] == "$.compilation.artifact_uri"
    metadata = package["CustomerMetadataProperties"]
    assert metadata["plain_model_data_url.$"] == "$.artifact_uri"
    assert metadata["compiled_model_data_url.$"] == "$.compilation.artifact_uri"
    assert metadata["compilation_job_name.$"] == "$.compilation.job_name"


def test_the_served_model_is_compared_by_its_plain_weights_on_a_cpu(states: dict[str, Any]) -> None:
    container = states["CreateServedModel"]["Parameters"]["PrimaryContainer"]
    found = "$.package.CustomerMetadataProperties.plain_model_data_url"
    assert container["ModelDataUrl.$"] == found
    assert "huggingface-pytorch-inference:" in container["Image"]
    assert "-cpu-" in container["Image"]
    machine = states["ScoreServedModel"]["Parameters"]["TransformResources"]
    assert machine["InstanceType"] == "ml.m5.xlarge"
    (known,) = states["KnowsItsWeights"]["Choices"]
    assert known["Variable"] == found
    assert known["Next"] == "CreateServedModel"
    assert states["KnowsItsWeights"]["Default"] == "WeightsUnknown"


def test_the_compilations_role_reads_and_writes_models_alone(compiled: Synthesized) -> None:
    statements = compiled.statements("TrainingCompilationRole")
    allowed = {action for each in statements for action in as_list(each["Action"])}
    assert {action for action in allowed if action.startswith(("s3:", "kms:", "iam:"))} == {
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "s3:AbortMultipartUpload",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
    }
    objects = [
        text(resource)
        for each in statements
        if set(as_list(each["Action"])) & {"s3:GetObject", "s3:PutObject"}
        for resource in as_list(each["Resource"])
    ]
    assert all("/models/*" in name or "sourcedir" in name for name in objects)
    pulled = [
        text(resource)
        for each in statements
        if "ecr:BatchGetImage" in as_list(each["Action"])
        for resource in as_list(each["Resource"])
    ]
    assert all(NEURON_TRAINING in name for name in pulled)


def test_the_archive_has_both_scripts_where_the_container_looks_for_them() -> None:
    import io
    import tarfile

    packed = archive("jobs/reviews", ["train.py", "compile.py"])
    with tarfile.open(fileobj=io.BytesIO(packed)) as found:
        names = found.getnames()
    assert {"train.py", "compile.py", "jobs/reviews/compiled.py"} <= set(names)


def test_a_script_that_is_not_compiled_has_no_such_job(
    context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    serving = COMPILED_REVIEWS.serving.model_copy(update={"instance_type": "ml.m5.xlarge"})
    plain = COMPILED_REVIEWS.model_copy(update={"compilation": None, "serving": serving})
    found = synthesized(context, tmp_path_factory.mktemp("plain"), plain)
    states = found.machine("Training")["States"]
    assert "Compile" not in states
    metadata = states["Register"]["Parameters"]["CustomerMetadataProperties"]
    assert metadata["plain_model_data_url.$"] == "$.artifact_uri"
    assert "compiled_model_data_url.$" not in metadata
