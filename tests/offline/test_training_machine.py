"""The training machine as synthesized, from prepared rows to a registered model: with and without
labels to judge it by. Jobs are the real workers', and so is the function; only Prepare is left out.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import CONFIGURATION
from penstock.localcloud.shims import functions, s3, stepfunctions
from penstock.localcloud.workers.functions import FunctionsWorker
from penstock.recordio import write_dense
from pipelines.spec import Scoring
from tests.offline.bare_cloud import BareCloud
from tests.offline.sagemaker_lab import SageMakerLab
from tests.offline.test_step_functions import execute
from tests.synth.conftest import synthesized
from tests.synth.series import JUDGED_IF_LABELLED, METERS

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("training-machine")]

RUN = "0123456789abcdef0123456789abcdef"
PREPARED = f"prepared/{RUN}"
FIGURES = Path(__file__).parents[2] / "lambda/score_figures/handler.py"
TRAIN_ROWS = 600
SERIES = {"mean": 40.0, "sd": 2.5, "grid_seconds": 300}


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The states of meters, scored on the stream, with a gate that lets unjudged models pass."""
    changes = {"instance_count": 1}
    pipeline = METERS.model_copy(
        update={
            "training": METERS.training.model_copy(update=changes),
            "gate": JUDGED_IF_LABELLED,
            "scoring": Scoring(),
        }
    )
    context = json.loads(CONFIGURATION.read_text())["context"]
    stage = synthesized(context, tmp_path_factory.mktemp("machine"), pipeline)
    found: dict[str, Any] = stage.machine("Training")["States"]
    return found


class MachineLab(SageMakerLab):
    """Step Functions, SageMaker's workers, one function; buckets `lake` and `artifacts`."""

    def __init__(self, cloud: BareCloud) -> None:
        super().__init__(cloud)
        context = cloud.context
        stepfunctions.install(cloud.patches, clients=context.clients, clock=context.clock)
        s3.install(cloud.patches)
        self.functions = FunctionsWorker(context)
        functions.install(cloud.patches, invoker=self.functions)
        self.functions.start()
        self.s3.create_bucket(Bucket="lake")
        self.s3.create_bucket(Bucket="artifacts")
        self.api.create_model_package_group(ModelPackageGroupName="digits-dev")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.write(FIGURES, "handler.py")
        self.figures = cloud.client("lambda").create_function(
            FunctionName="figures",
            Runtime="python3.13",
            Role=cloud.role_arn,
            Handler="handler.handler",
            Timeout=60,
            Code={"ZipFile": archive.getvalue()},
        )["FunctionArn"]

    def close(self) -> None:
        super().close()
        self.functions.stop()

    def prepare(self, *, labelled: bool) -> None:
        """What the prepare job leaves: rows, series.json and, if there are labels, a test part."""
        rows = np.random.default_rng(1).normal(size=(TRAIN_ROWS + 100, 8)).astype(np.float32)
        rows[-3:] += 10
        self._put_rows("train", rows[:TRAIN_ROWS], None)
        if labelled:
            labels = np.zeros(100, np.float32)
            labels[-3:] = 1
            self._put_rows("test", rows[TRAIN_ROWS:], labels)
        document = {"window_points": 8, "row": "points", "series": {"m": SERIES}}
        self._put("series.json", json.dumps(document).encode())

    def _put_rows(self, channel: str, rows: np.ndarray, labels: np.ndarray | None) -> None:
        file = io.BytesIO()
        write_dense(file, rows, labels)
        self._put(f"{channel}/part-00000.rec", file.getvalue())

    def _put(self, name: str, body: bytes) -> None:
        self.s3.put_object(Bucket="lake", Key=f"{PREPARED}/{name}", Body=body)

    def read(self, bucket: str, key: str) -> str:
        return str(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())

    def execute(self, states: dict[str, Any]) -> dict[str, Any]:
        """DescribeExecution's answer for the machine, its references put in as if deployed."""
        text = json.dumps(states)
        for reference, value in {
            "account of the region": "382416733822",
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "digits-dev-lake:[^>]*": "lake",
            "digits-dev-foundation:[^>]*": "alias/key",
            "Artifacts[^>.]*": "artifacts",
            r"Training[A-Za-z]*Role[^>]*\.Arn": self.cloud.role_arn,
            r"TrainingFiguresKeepFunction[^>]*\.Arn": self.figures,
        }.items():
            text = re.sub(f"<{reference}>", value, text)
        prepared = {"run": RUN, "prepared_uri": f"s3://lake/{PREPARED}/"}
        found = json.loads(text)
        found["Prepare"] = {"Type": "Pass", "Result": prepared, "Next": found["Prepare"]["Next"]}
        return execute(self.cloud, found, seconds=120)


@pytest.fixture
def lab(bare_cloud: BareCloud) -> Iterator[MachineLab]:
    laboratory = MachineLab(bare_cloud)
    yield laboratory
    laboratory.close()


@pytest.mark.parametrize("labelled", [True, False])
def test_a_model_is_judged_if_there_are_labels_and_registered_either_way(
    lab: MachineLab, states: dict[str, Any], labelled: bool
) -> None:
    lab.prepare(labelled=labelled)
    result = lab.execute(states)
    assert result["status"] == "SUCCEEDED", result
    output = json.loads(result["output"])
    job = lab.api.describe_training_job(TrainingJobName=output["training_job_name"])
    channels = [channel["ChannelName"] for channel in job["InputDataConfig"]]
    assert channels == (["train", "test"] if labelled else ["train"])
    assert output["metric_value"] == (1.0 if labelled else None)
    assert output["serving_metric_value"] is None
    package = lab.api.describe_model_package(ModelPackageName=output["model_package_arn"])
    said = package["CustomerMetadataProperties"]["metric_value"]
    assert said == ("1.0" if labelled else "not judged")


def test_a_new_models_scores_of_its_training_rows_are_kept(
    lab: MachineLab, states: dict[str, Any]
) -> None:
    lab.prepare(labelled=False)
    assert lab.execute(states)["status"] == "SUCCEEDED"
    (found,) = lab.s3.list_objects_v2(Bucket="lake", Prefix=f"{PREPARED}/train-scores/")["Contents"]
    scores = [json.loads(line)["score"] for line in lab.read("lake", found["Key"]).splitlines()]
    assert len(scores) == TRAIN_ROWS
    settings = json.loads(lab.read("artifacts", f"scoring/{RUN}/settings.json"))
    assert settings["rows"] == TRAIN_ROWS
    assert settings["score_mean"] == pytest.approx(np.mean(scores))
    assert settings["score_sd"] == pytest.approx(np.std(scores))
    assert lab.api.list_models()["Models"] == []


def test_a_metric_that_is_missing_though_there_are_labels_fails(
    lab: MachineLab, states: dict[str, Any]
) -> None:
    lab.prepare(labelled=True)
    changed = json.loads(json.dumps(states))
    changed["Train"]["Parameters"]["HyperParameters"]["eval_metrics"] = '["accuracy"]'
    result = lab.execute(changed)
    assert (result["status"], result["error"]) == ("FAILED", "QualityMetricMissing")
