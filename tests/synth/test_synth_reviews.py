"""Reviews on each accelerator: what a script's training turns into."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.registry import accelerators
from tests.synth.conftest import Synthesized
from tests.synth.reading import as_list, text
from tests.synth.test_synth_least_privilege import SERVICES
from tests.synth.test_synth_role_actions import WATCHED_ACTIONS, actions

CHOICES = list(accelerators("reviews"))
# what of a container's image is for the machine: training, serving
IMAGES = {
    "gpu": ("-gpu-", "-gpu-"),
    "trainium": ("-neuronx-", "-neuronx-"),
    "cpu": ("-gpu-", "-cpu-"),
}

# what roles may do that those of digits may not: checkpoints are deleted, weights looked for
MORE = {"TrainingRole": "s3:DeleteObject", "TrainingWorkflowRole": "s3:ListBucket"}
# what those of machines with storage of their own need not: no key encrypts it
VOLUMES = {"kms:CreateGrant", "kms:DescribeKey"}


@pytest.fixture(scope="module", params=CHOICES)
def accelerator(request: pytest.FixtureRequest) -> str:
    """Each choice in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def reviews(accelerator: str, synthesize: Any) -> Synthesized:
    """Reviews in dev, on one accelerator."""
    built: Synthesized = synthesize("reviews-dev", pipeline="reviews", accelerator=accelerator)
    return built


def states(reviews: Synthesized) -> dict[str, Any]:
    found: dict[str, Any] = reviews.machine("Training")["States"]
    return found


def train(reviews: Synthesized) -> dict[str, Any]:
    found: dict[str, Any] = states(reviews)["Train"]["Parameters"]
    return found


def container(reviews: Synthesized) -> dict[str, Any]:
    specification = states(reviews)["Register"]["Parameters"]["InferenceSpecification"]
    (found,) = specification["Containers"]
    return dict(found)


def objects(reviews: Synthesized, role: str, action: str) -> set[str]:
    """What a role may do an action on."""
    return {
        text(resource)
        for statement in reviews.statements(role)
        if action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def test_neither_nag_nor_our_own_rules_have_anything_left_to_say(reviews: Synthesized) -> None:
    report = json.loads((reviews.out / "validation-report.json").read_text())
    assert [part["violations"] for part in report["pluginReports"] if part["violations"]] == []


def test_cfn_lint_finds_no_error(reviews: Synthesized) -> None:
    templates = [str(path) for path in reviews.out.glob("assembly-*/*.template.json")]
    lint = str(Path(sys.executable).with_name("cfn-lint"))
    done = subprocess.run(
        [lint, "--ignore-checks", "W3005", "--", *templates], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_images_and_machines_are_those_of_the_accelerator(
    reviews: Synthesized, accelerator: str
) -> None:
    chosen = accelerators("reviews")[accelerator]
    training, serving = IMAGES[accelerator]
    image = train(reviews)["AlgorithmSpecification"]["TrainingImage"]
    assert "/huggingface-pytorch-training" in image
    assert training in image
    assert "/huggingface-pytorch-inference" in container(reviews)["Image"]
    assert serving in container(reviews)["Image"]
    assert train(reviews)["ResourceConfig"]["InstanceType"] == chosen.training.instance_type
    (variant,) = reviews.only("SageMaker::EndpointConfig")["ProductionVariants"]
    assert variant["InstanceType"] == chosen.serving.instance_type


def test_the_image_s_registry_may_be_pulled_from_by_the_role_that_runs_it(
    reviews: Synthesized,
) -> None:
    for role, image in (
        ("TrainingRole", train(reviews)["AlgorithmSpecification"]["TrainingImage"]),
        ("ModelRole", container(reviews)["Image"]),
    ):
        repository = image.rpartition("/")[2].partition(":")[0]
        (pulled,) = (
            text(statement["Resource"])
            for statement in reviews.statements(role)
            if "ecr:BatchGetImage" in as_list(statement["Action"])
        )
        assert pulled.endswith(f":repository/{repository}")


def test_the_script_and_its_settings_reach_a_job_without_network(reviews: Synthesized) -> None:
    job = train(reviews)
    assert job["EnableNetworkIsolation"] is True
    assert job["EnableInterContainerTrafficEncryption"] is True
    told = job["HyperParameters"]
    # the toolkit reads each value as JSON
    assert json.loads(told["sagemaker_program"]) == "train.py"
    folder = json.loads(told["sagemaker_submit_directory"]).rpartition("/")[0]
    assert folder == "/opt/ml/input/data/code"
    assert all(isinstance(value, str) for value in told.values())
    assert json.loads(told["learning_rate"]) > 0


def test_metrics_are_found_in_the_lines_that_the_script_writes(reviews: Synthesized) -> None:
    lines = "epoch=3 train_loss=0.1234\nepoch=3 validation_accuracy=0.8123\n"
    lines += "test_accuracy=0.8312 test_loss=0.4123\n"
    found = {
        metric["Name"]: re.findall(metric["Regex"], lines)
        for metric in train(reviews)["AlgorithmSpecification"]["MetricDefinitions"]
    }
    assert found == {
        "train:loss": ["0.1234"],
        "validation:accuracy": ["0.8123"],
        "test:accuracy": ["0.8312"],
        "test:loss": ["0.4123"],
    }


def test_spare_machines_go_on_from_the_runs_checkpoints(reviews: Synthesized) -> None:
    job = train(reviews)
    assert job["EnableManagedSpotTraining"] is True
    stopping = job["StoppingCondition"]
    assert stopping["MaxWaitTimeInSeconds"] > stopping["MaxRuntimeInSeconds"]
    assert "/checkpoints/{}/" in job["CheckpointConfig"]["S3Uri.$"]


def test_weights_are_a_channel_if_somebody_has_put_some_there(reviews: Synthesized) -> None:
    found = states(reviews)
    assert found["Prepare"]["Next"] == "LookForWeights"
    assert found["LookForWeights"]["Parameters"]["Prefix"] == "pretrained/"
    (some,) = found["HasWeights"]["Choices"]
    assert (some["Variable"], some["NumericGreaterThan"]) == ("$.weights.objects", 0)
    assert (some["Next"], found["HasWeights"]["Default"]) == ("WithWeights", "WithoutWeights")
    always = ["train", "validation", "test", "tokenizer", "code"]
    for name, channels in (
        ("WithWeights", [*always, "pretrained"]),
        ("WithoutWeights", always),
    ):
        given = found[name]["Parameters"]["input"]
        assert [channel["ChannelName"] for channel in given] == channels
        assert {channel["InputMode"] for channel in given} == {"File"}
        assert found[name]["Next"] == "Train"
        spread = [c["DataSource"]["S3DataSource"]["S3DataDistributionType"] for c in given]
        assert spread == ["ShardedByS3Key", *["FullyReplicated"] * (len(given) - 1)]
    assert train(reviews)["InputDataConfig.$"] == "$.channels.input"


def test_the_job_splits_texts_by_the_vocabulary_of_the_weights(reviews: Synthesized) -> None:
    told = reviews.named("Glue::Job", "Prepare")["DefaultArguments"]
    assert text(told["--vocabulary_uri"]).endswith("/pretrained/vocab.txt")
    assert (told["--id_column"], told["--text_column"], told["--label_column"]) == (
        "id",
        "text",
        "label",
    )
    (listed,) = (
        statement["Condition"]["StringEquals"]
        for statement in reviews.statements("PrepareRole")
        if statement["Action"] == "s3:ListBucket" and "StringEquals" in statement["Condition"]
    )
    assert listed == {"s3:prefix": "pretrained/vocab.txt"}
    assert any(
        name.endswith("/pretrained/vocab.txt")
        for name in objects(reviews, "PrepareRole", "s3:GetObject")
    )


def test_roles_read_the_script_and_the_weights_and_write_neither(reviews: Synthesized) -> None:
    read = objects(reviews, "TrainingRole", "s3:GetObject")
    assert any(name.endswith("/sourcedir.tar.gz") for name in read)
    assert any(name.endswith("/pretrained/*") for name in read)
    for role in ("TrainingRole", "PrepareRole", "ModelRole"):
        for action in ("s3:PutObject", "s3:DeleteObject"):
            written = objects(reviews, role, action)
            assert not [name for name in written if "pretrained" in name or "source" in name]


@pytest.mark.parametrize("role", sorted(set(SERVICES) - {"DeploymentWorkflowRole"}))
def test_a_role_has_the_actions_of_digits_and_few_more(reviews: Synthesized, role: str) -> None:
    expected = {
        f"{service}:{name}"
        for service, names in WATCHED_ACTIONS[role].items()
        for name in names.split()
    }
    found = {
        f"{service}:{name}" for service, names in actions(reviews, role).items() for name in names
    }
    assert found - expected == ({MORE[role]} if role in MORE else set())
    stored = role == "TrainingRole" and "VolumeKmsKeyId" not in train(reviews)["ResourceConfig"]
    assert expected - found == (VOLUMES if stored else set())


def test_the_served_model_is_asked_about_the_test_texts_as_json_lines(
    reviews: Synthesized,
) -> None:
    found = states(reviews)
    job = found["ScoreServedModel"]["Parameters"]
    source = job["TransformInput"]
    assert source["ContentType"] == job["TransformOutput"]["Accept"] == "application/jsonlines"
    assert source["SplitType"] == job["TransformOutput"]["AssembleWith"] == "Line"
    assert job["MaxPayloadInMB"] == 1  # what a CPU answers in time
    rows = source["DataSource"]["S3DataSource"]["S3Uri.$"]
    assert "holdout/test_features.jsonl" in rows
    payload = found["CompareModels"]["Parameters"]["Payload"]
    assert "scores/test_features.jsonl.out" in payload["answers_uri.$"]
    assert (payload["answer_field"], payload["formula"]) == ("predicted_label", "accuracy")
    assert payload["objective"] == "maximize"


def test_what_answers_is_told_its_program(reviews: Synthesized) -> None:
    assert container(reviews)["Environment"]["SAGEMAKER_PROGRAM"] == "inference.py"


def test_requests_are_json_and_captured_as_text(reviews: Synthesized) -> None:
    assert reviews.outputs("training")["RequestContentType"] == "application/json"
    capture = reviews.only("SageMaker::EndpointConfig")["DataCaptureConfig"]
    assert capture["CaptureContentTypeHeader"] == {
        "JsonContentTypes": ["application/json", "application/jsonlines"]
    }
    modes = [option["CaptureMode"] for option in capture["CaptureOptions"]]
    assert modes == ["Input", "Output"]


def test_digits_requests_are_rows_of_csv(dev: Synthesized) -> None:
    assert dev.outputs("training")["RequestContentType"] == "text/csv"


def test_the_answers_are_kept_and_watched_and_requests_are_texts(reviews: Synthesized) -> None:
    arguments = reviews.named("Glue::Job", "Monitor")["DefaultArguments"]
    assert arguments["--answer_columns"] == "tokens:number,predicted_label:category"
    assert "--feature_columns" not in arguments
    (config,) = reviews.resources("SageMaker::EndpointConfig", "serving").values()
    capture = config["Properties"]["DataCaptureConfig"]
    assert {"CaptureMode": "Output"} in capture["CaptureOptions"]
    assert capture["CaptureContentTypeHeader"]["JsonContentTypes"][0] == "application/json"
    assert reviews.outputs("training")["RequestContentType"] == "application/json"
