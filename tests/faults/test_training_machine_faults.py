"""The training machine when its training job fails: people are told, once, and why."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.shims import sns
from penstock.localcloud.workers.training.failure import OUT_OF_MEMORY
from tests.faults.jobs_lab import cloud_with, let_loose, told
from tests.offline.bare_cloud import admitted
from tests.offline.training_machine_lab import MachineLab, training_states

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("training-machine-faults")]


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return training_states(tmp_path_factory.mktemp("machine"))


class AlertedLab(MachineLab):
    """With a topic for alerts, and a queue that hears them."""

    def __init__(self, cloud: Any) -> None:
        super().__init__(cloud)
        sns.install(cloud.patches, refusal=admitted)
        self.topic = cloud.client("sns").create_topic(Name="alerts")["TopicArn"]
        self.sqs = cloud.client("sqs")
        self.queue = self.sqs.create_queue(QueueName="alerts")["QueueUrl"]
        cloud.client("sns").subscribe(
            TopicArn=self.topic,
            Protocol="sqs",
            Endpoint=f"arn:aws:sqs:us-east-1:{cloud.context.account_id}:alerts",
            Attributes={"RawMessageDelivery": "true"},
        )

    def execute(self, states: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(states)
        topic = re.sub("<digits-dev-foundation:[^>]*Alerts[^>]*>", self.topic, text)
        return super().execute(json.loads(topic))

    def alerts(self) -> list[dict[str, Any]]:
        found = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@pytest.fixture
def lab(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[AlertedLab]:
    with cloud_with(tmp_path, request.param) as cloud:
        laboratory = AlertedLab(cloud)
        laboratory.prepare(labelled=False)
        let_loose(cloud)
        yield laboratory
        laboratory.close()


@pytest.mark.parametrize(
    ("lab", "said"),
    [
        ("training-exits", "AlgorithmError: TroubleError"),
        ("training-out-of-memory", OUT_OF_MEMORY),
        ("training-hangs=2", "MaxRuntimeExceeded"),
    ],
    indirect=["lab"],
)
def test_a_training_that_fails_is_told_and_nothing_is_registered(
    lab: AlertedLab, states: dict[str, Any], said: str
) -> None:
    result = lab.execute(states)

    assert (result["status"], result["error"]) == ("FAILED", "TrainingFailed")
    (alert,) = lab.alerts()
    assert said in alert["error"]["Cause"]
    assert said in result["cause"]
    assert (
        lab.api.list_model_packages(ModelPackageGroupName="digits-dev")["ModelPackageSummaryList"]
        == []
    )
    (entry,) = lab.cloud.context.faults.entries()
    assert told(lab.cloud, entry["name"])["happened"] == 1

    again = lab.execute(states)
    assert again["status"] == "SUCCEEDED", again
    assert lab.alerts() == []
