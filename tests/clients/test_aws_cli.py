"""The AWS CLI against `penstock up`: what people type first."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.clients.terminal import Terminal, example

pytestmark = [pytest.mark.offline, pytest.mark.runtime, pytest.mark.xdist_group("clients")]


def test_records_are_put(terminal: Terminal) -> None:
    records = [{"Data": "{}", "PartitionKey": str(number)} for number in range(3)]
    answer = terminal.aws(
        "kinesis put-records",
        *("--stream-name", terminal.up.output("StreamName")),
        *("--records", json.dumps(records)),
    )
    assert answer["FailedRecordCount"] == 0
    numbers = [int(record["SequenceNumber"]) for record in answer["Records"]]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 3


def test_files_go_to_the_lake_and_come_back(terminal: Terminal) -> None:
    lake = terminal.up.output("LakeBucketName")
    listed = terminal.run(["aws", "s3", "ls", "--recursive", f"s3://{lake}/records/"])
    size, key = listed.splitlines()[0].split()[2:]
    terminal.run(["aws", "s3", "cp", f"s3://{lake}/{key}", "there.parquet"])
    there = terminal.home / "there.parquet"
    assert there.stat().st_size == int(size)

    own = terminal.home / "own"
    own.mkdir()
    for name, body in (("small", b"s"), ("large", bytes(range(256)) * 40_000)):  # in parts
        Path(own, name).write_bytes(body)
    terminal.run(["aws", "s3", "cp", "--recursive", "own", f"s3://{lake}/own/"])
    terminal.run(["aws", "s3", "cp", "--recursive", f"s3://{lake}/own/", "back"])
    assert {path.name: path.read_bytes() for path in (terminal.home / "back").iterdir()} == {
        path.name: path.read_bytes() for path in own.iterdir()
    }
    terminal.run(["aws", "s3", "rm", "--recursive", f"s3://{lake}/own/"])
    assert "own/" not in terminal.run(["aws", "s3", "ls", f"s3://{lake}"])


def test_an_execution_is_started_described_and_stopped(terminal: Terminal) -> None:
    machine = terminal.up.output("TrainingStateMachineArn")
    started = terminal.aws(f"stepfunctions start-execution --state-machine-arn {machine}")
    name = f"--execution-arn {started['executionArn']}"
    found = terminal.aws(f"stepfunctions describe-execution {name}")
    assert (found["status"], found["stateMachineArn"]) == ("RUNNING", machine)
    terminal.aws(f"stepfunctions stop-execution {name}")
    assert terminal.aws(f"stepfunctions describe-execution {name}")["status"] == "ABORTED"


def test_endpoint_jobs_and_packages_are_described(terminal: Terminal) -> None:
    endpoint = terminal.aws("sagemaker describe-endpoint --endpoint-name digits-dev")
    assert endpoint["EndpointStatus"] == "InService"
    jobs = terminal.aws("sagemaker list-training-jobs --status-equals Completed")
    name = jobs["TrainingJobSummaries"][-1]["TrainingJobName"]
    job = terminal.aws(f"sagemaker describe-training-job --training-job-name {name}")
    assert [channel["ChannelName"] for channel in job["InputDataConfig"]] == [
        "train",
        "validation",
        "test",
    ]
    artifact = job["ModelArtifacts"]["S3ModelArtifacts"]
    terminal.run(["aws", "s3", "cp", artifact, "model.tar.gz"])
    packages = terminal.aws("sagemaker list-model-packages --model-package-group-name digits-dev")
    newest = packages["ModelPackageSummaryList"][0]["ModelPackageArn"]
    package = terminal.aws(f"sagemaker describe-model-package --model-package-name {newest}")
    assert package["ModelPackageStatus"] == "Completed"


def test_the_endpoint_is_asked(terminal: Terminal) -> None:
    (terminal.home / "rows.csv").write_text("\n".join([",".join(["0"] * 64)] * 3))
    answer = terminal.aws(
        "sagemaker-runtime invoke-endpoint --endpoint-name digits-dev --content-type text/csv "
        "--accept application/json --body fileb://rows.csv answers.json"
    )
    assert answer["ContentType"] == "application/json"
    answers = json.loads((terminal.home / "answers.json").read_text())["predictions"]
    assert len(answers) == 3
    assert answers[0] == answers[2]


def test_logs_are_found_and_read(terminal: Terminal) -> None:
    groups = terminal.aws("logs describe-log-groups --log-group-name-prefix /aws/sagemaker/")
    name = "/aws/sagemaker/TrainingJobs"
    assert name in [group["logGroupName"] for group in groups["logGroups"]]
    events = terminal.aws(
        f"logs filter-log-events --log-group-name {name} --filter-pattern multiclass_accuracy"
    )["events"]
    assert any("quality_metric" in event["message"] for event in events)


def test_alarms_are_those_of_the_stacks(terminal: Terminal) -> None:
    resources = [
        resource
        for stack in terminal.aws("cloudformation describe-stacks")["Stacks"]
        for resource in terminal.aws(
            f"cloudformation list-stack-resources --stack-name {stack['StackName']}"
        )["StackResourceSummaries"]
    ]
    assert {"AWS::Kinesis::Stream", "AWS::S3::Bucket"} <= {r["ResourceType"] for r in resources}
    alarms = terminal.aws("cloudwatch describe-alarms")["MetricAlarms"]
    assert sorted(alarm["AlarmName"] for alarm in alarms) == sorted(
        r["PhysicalResourceId"] for r in resources if r["ResourceType"] == "AWS::CloudWatch::Alarm"
    )


def test_an_approval_deploys_the_package(terminal: Terminal) -> None:
    machine = terminal.up.output("DeploymentStateMachineArn")
    _wait_for_deployments(terminal, machine)
    before = _deployments(terminal, machine)
    newest = terminal.aws(
        "sagemaker list-model-packages --model-package-group-name digits-dev "
        "--sort-by CreationTime --sort-order Descending"
    )["ModelPackageSummaryList"][0]["ModelPackageArn"]
    update = f"sagemaker update-model-package --model-package-arn {newest}"
    terminal.aws(f"{update} --model-approval-status Rejected")
    rejected = terminal.aws(f"sagemaker describe-model-package --model-package-name {newest}")
    assert rejected["ModelApprovalStatus"] == "Rejected"

    terminal.paste(example("AWS CLI"))
    until = time.monotonic() + 30
    while len(_deployments(terminal, machine)) == len(before):
        assert time.monotonic() < until, "the approval started no deployment"
    _wait_for_deployments(terminal, machine)
    (new,) = set(_deployments(terminal, machine)) - set(before)
    execution = terminal.aws(f"stepfunctions describe-execution --execution-arn {new}")
    assert execution["status"] == "SUCCEEDED", execution
    assert newest in execution["input"]
    parameter = terminal.up.output("ModelPackageParameterName")
    served = terminal.aws(f"ssm get-parameter --name {parameter}")["Parameter"]["Value"]
    assert served == newest


def _deployments(terminal: Terminal, machine: str) -> list[str]:
    listed = terminal.up.client("stepfunctions").list_executions(stateMachineArn=machine)
    return [execution["executionArn"] for execution in listed["executions"]]


def _wait_for_deployments(terminal: Terminal, machine: str) -> None:
    until = time.monotonic() + 120
    machines = terminal.up.client("stepfunctions")
    while machines.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]:
        assert time.monotonic() < until, "a deployment goes on for two minutes"
        time.sleep(0.2)
