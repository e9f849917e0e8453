"""The SageMaker Python SDK, version 3, against `penstock up`: its resource classes."""

from __future__ import annotations

import pytest

from tests.clients.terminal import Terminal, example

pytestmark = [pytest.mark.offline, pytest.mark.runtime, pytest.mark.xdist_group("clients")]


def test_a_job_is_created_waited_for_and_the_endpoint_invoked(terminal: Terminal) -> None:
    answer = terminal.python(
        example("SageMaker Python SDK")
        + """
import json

from sagemaker.core.resources import ModelPackage

packages = ModelPackage.get_all(model_package_group_name="digits-dev")
print(json.dumps({
    "endpoint": endpoint.endpoint_status,
    "scores": len(json.loads(answer.body.read())["predictions"][0]["score"]),
    "job": job.training_job_status,
    "artifact": job.model_artifacts.s3_model_artifacts,
    "metrics": {metric.metric_name: metric.value for metric in job.final_metric_data_list},
    "again": TrainingJob.get("by-hand").secondary_status,
    "packages": [package.model_package_arn for package in packages],
}))
"""
    )
    assert answer["endpoint"] == "InService"
    assert answer["scores"] == 10
    assert (answer["job"], answer["again"]) == ("Completed", "Completed")
    assert answer["metrics"]["test:multiclass_accuracy"] > 0.9
    assert answer["packages"]

    bucket, _, key = answer["artifact"].removeprefix("s3://").partition("/")
    assert bucket == terminal.up.output("ArtifactsBucketName")
    assert terminal.up.client("s3").head_object(Bucket=bucket, Key=key)["ContentLength"] > 1000


def test_a_failed_job_says_why(terminal: Terminal) -> None:
    program = example("SageMaker Python SDK").replace("by-hand", "by-mistake")
    head, create = program.split("job = TrainingJob.create(")
    answer = terminal.python(
        f"""{head}
import json

last.hyper_parameters["num_classes"] = "two"
try:
    job = TrainingJob.create({create}
except Exception as error:
    print(json.dumps([type(error).__name__, str(error)]))
""".replace("\njob.wait", "\n    job.wait")
    )
    kind, text = answer
    assert kind == "FailedStatusError"
    assert "num_classes" in text
