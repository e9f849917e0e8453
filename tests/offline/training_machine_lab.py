"""What tests of the training machine share: its states as synthesized, the workers, two buckets."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

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

RUN = "0123456789abcdef0123456789abcdef"
PREPARED = f"prepared/{RUN}"
FIGURES = Path(__file__).parents[2] / "lambda/score_figures/handler.py"
TRAIN_ROWS = 600
SERIES = {"mean": 40.0, "sd": 2.5, "grid_seconds": 300}


def training_states(folder: Path) -> dict[str, Any]:
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
    stage = synthesized(context, folder, pipeline)
    found: dict[str, Any] = stage.machine("Training")["States"]
    return found


def as_deployed(
    states: dict[str, Any], role_arn: str, references: dict[str, str]
) -> dict[str, Any]:
    """The states with values for what the template refers to; `references` are further ones."""
    text = json.dumps(states)
    for reference, value in {
        "account of the region": "382416733822",
        "AWS::Partition": "aws",
        "AWS::URLSuffix": "amazonaws.com",
        "digits-dev-lake:[^>]*": "lake",
        "digits-dev-foundation:[^>]*": "alias/key",
        "Artifacts[^>.]*": "artifacts",
        r"Training[A-Za-z]*Role[^>]*\.Arn": role_arn,
        **references,
    }.items():
        text = re.sub(f"<{reference}>", value, text)
    found: dict[str, Any] = json.loads(text)
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
        references = {r"TrainingFiguresKeepFunction[^>]*\.Arn": self.figures}
        prepared = {"run": RUN, "prepared_uri": f"s3://lake/{PREPARED}/"}
        found = as_deployed(states, self.cloud.role_arn, references)
        found["Prepare"] = {"Type": "Pass", "Result": prepared, "Next": found["Prepare"]["Next"]}
        return execute(self.cloud, found, seconds=120)
