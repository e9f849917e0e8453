"""The training machine as synthesized, from prepared rows to a registered model: with and without
labels to judge it by. Jobs are the real workers', and so is the function; only Prepare is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.offline.bare_cloud import BareCloud
from tests.offline.training_machine_lab import (
    PREPARED,
    RUN,
    TRAIN_ROWS,
    MachineLab,
    training_states,
)

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("training-machine")]


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return training_states(tmp_path_factory.mktemp("machine"))


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
