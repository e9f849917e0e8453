"""State machines in the local cloud: .sync, waiting, roles, error names, the gate's arithmetic."""

from __future__ import annotations

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.eval.states import States
from moto.stepfunctions.parser.backend.execution import Execution

from penstock.localcloud.shims import stepfunctions, stepfunctions_values
from tests.offline.bare_cloud import BareCloud

pytestmark = pytest.mark.offline


def execute(
    cloud: BareCloud, states: dict[str, Any], data: Any = None, *, seconds: float = 30
) -> dict[str, Any]:
    """Run a machine to its end and return DescribeExecution's answer."""
    machines = cloud.client("stepfunctions")
    definition = {"StartAt": next(iter(states)), "States": states}
    arn = machines.create_state_machine(
        name=f"m{time.monotonic_ns()}", definition=json.dumps(definition), roleArn=cloud.role_arn
    )["stateMachineArn"]
    execution = machines.start_execution(stateMachineArn=arn, input=json.dumps(data or {}))
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        described: dict[str, Any] = machines.describe_execution(
            executionArn=execution["executionArn"]
        )
        if described["status"] != "RUNNING":
            return described
        time.sleep(0.05)
    raise AssertionError("the execution did not end")


@pytest.fixture
def cloud(bare_cloud: BareCloud) -> BareCloud:
    stepfunctions.install(
        bare_cloud.patches, clients=bare_cloud.context.clients, clock=bare_cloud.context.clock
    )
    return bare_cloud


def test_a_wait_of_an_hour_passes_at_once(cloud: BareCloud) -> None:
    before = cloud.context.clock.now()
    result = execute(cloud, {"W": {"Type": "Wait", "Seconds": 3600, "End": True}})
    assert result["status"] == "SUCCEEDED"
    assert (cloud.context.clock.now() - before).total_seconds() >= 3600


def test_a_retry_waits_by_the_clock_and_gives_up_with_the_services_error_name(
    cloud: BareCloud,
) -> None:
    before = cloud.context.clock.now()
    states = {
        "Describe": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:cloudformation:describeStacks",
            "Parameters": {"StackName": "no-such-stack"},
            "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 600, "MaxAttempts": 2}],
            "End": True,
        }
    }
    result = execute(cloud, states)
    assert result["status"] == "FAILED"
    assert result["error"] == "CloudFormation.CloudFormationException"
    assert "no-such-stack" in result["cause"]
    assert (cloud.context.clock.now() - before).total_seconds() >= 600 + 1200


def test_times_in_sdk_results_are_text(cloud: BareCloud) -> None:
    cloud.client("ssm").put_parameter(Name="/a", Value="b", Type="String")
    states = {
        "Get": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:ssm:getParameter",
            "Parameters": {"Name": "/a"},
            "End": True,
        }
    }
    output = json.loads(execute(cloud, states)["output"])
    assert output["Parameter"]["Value"] == "b"
    assert isinstance(output["Parameter"]["LastModifiedDate"], str)


def test_a_training_job_is_waited_for_and_described(cloud: BareCloud) -> None:
    states = {
        "Train": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
            "Parameters": {
                "TrainingJobName.$": "States.Format('job-{}-{}', "
                "States.Hash($$.Execution.Id, 'MD5'), $$.State.RetryCount)",
                "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
                "RoleArn": cloud.role_arn,
                "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
                "ResourceConfig": {
                    "InstanceCount": 1,
                    "InstanceType": "ml.m5.large",
                    "VolumeSizeInGB": 10,
                },
                "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            },
            "End": True,
        }
    }
    output = json.loads(execute(cloud, states)["output"])
    assert output["TrainingJobStatus"] == "Completed"
    assert output["TrainingJobName"].startswith("job-")
    assert output["TrainingJobName"].endswith("-0")
    assert isinstance(output["CreationTime"], int)


@pytest.mark.parametrize(
    ("metrics", "outcome"),
    [
        ([{"MetricName": "a", "Value": 0.1}, {"MetricName": "test:acc", "Value": 0.95}], "Good"),
        ([{"MetricName": "test:acc", "Value": 0.5}], "Bad"),
    ],
)
def test_the_gate_reads_one_metric_out_of_the_list(
    cloud: BareCloud, metrics: list[dict[str, Any]], outcome: str
) -> None:
    states = {
        "Read": {
            "Type": "Pass",
            "Parameters": {
                "value.$": "States.ArrayGetItem($.list[?(@.MetricName=='test:acc')].Value, 0)"
            },
            "Next": "Gate",
        },
        "Gate": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.value", "NumericGreaterThanEquals": 0.9, "Next": "Good"}],
            "Default": "Bad",
        },
        "Good": {"Type": "Succeed"},
        "Bad": {"Type": "Fail", "Error": "Bad"},
    }
    result = execute(cloud, states, {"list": metrics})
    assert result["status"] == ("SUCCEEDED" if outcome == "Good" else "FAILED")


def test_tasks_act_as_the_machines_own_role(cloud: BareCloud) -> None:
    states = {
        "Who": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity",
            "End": True,
        }
    }
    assert ":assumed-role/worker/" in json.loads(execute(cloud, states)["output"])["Arn"]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.a[0].b", 1),
        ("$.a[1]", {"b": 2}),
        ("$.a[*].b", [1, 2]),
        ("$.a[?(@.b==2)].b", [2]),
        ("$.a[?(@.b==3)].b", []),
        ("$.a[0:1].b", [1]),
        ("$..a[?(@.b==2)].b", [2]),
        ("$..absent[?(@.b==2)].b", []),
        ("$['a'][0]['b']", 1),
    ],
)
def test_a_definite_path_finds_a_value_and_any_other_a_list(path: str, found: object) -> None:
    assert stepfunctions_values.extract(path, {"a": [{"b": 1}, {"b": 2}]}) == found


def test_executions_that_nobody_named_have_names_of_their_own(cloud: BareCloud) -> None:
    machines = cloud.client("stepfunctions")
    states = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    arn = machines.create_state_machine(
        name="nameless", definition=json.dumps(states), roleArn=cloud.role_arn
    )["stateMachineArn"]
    started = [machines.start_execution(stateMachineArn=arn)["executionArn"] for _ in range(2)]
    listed = machines.list_executions(stateMachineArn=arn)["executions"]
    assert len({one["name"] for one in listed}) == 2
    assert {one["executionArn"] for one in listed} == set(started)
    assert all(one["executionArn"].endswith(f":{one['name']}") for one in listed)


def test_asking_whether_a_path_is_present_is_no_error(
    cloud: BareCloud, caplog: pytest.LogCaptureFixture
) -> None:
    states = {
        "Is": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.absent", "IsPresent": True, "Next": "Yes"}],
            "Default": "No",
        },
        "Yes": {"Type": "Fail"},
        "No": {"Type": "Succeed"},
    }
    assert execute(cloud, states)["status"] == "SUCCEEDED"
    assert caplog.messages == []


def test_a_null_of_the_definition_goes_on_as_null(cloud: BareCloud) -> None:
    none = {"Type": "Pass", "Parameters": {"value": None}, "ResultPath": "$.a", "Next": "Copy"}
    copy = {"Type": "Pass", "Parameters": {"b.$": "$.a.value", "c": None}, "End": True}
    result = execute(cloud, {"None": none, "Copy": copy})
    assert json.loads(result["output"]) == {"b": None, "c": None}


def test_an_execution_that_begins_is_listed_as_running(
    cloud: BareCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock, began = Execution.start, threading.Event()

    def slow(self: Any) -> None:
        began.set()
        time.sleep(0.3)
        stock(self)

    monkeypatch.setattr(Execution, "start", slow)
    machines = cloud.client("stepfunctions")
    waits = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}
    arn = machines.create_state_machine(
        name="begins", definition=json.dumps(waits), roleArn=cloud.role_arn
    )["stateMachineArn"]
    starter = threading.Thread(
        target=machines.start_execution, kwargs={"stateMachineArn": arn, "name": "first"}
    )
    starter.start()
    assert began.wait(10)
    (listed,) = machines.list_executions(stateMachineArn=arn)["executions"]
    starter.join()
    assert (listed["name"], listed["status"]) == ("first", "RUNNING")


def test_of_two_that_start_at_once_with_one_name_the_second_is_refused(
    cloud: BareCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock = Execution.__init__

    def slow(self: Any, *arguments: Any, **options: Any) -> None:
        time.sleep(0.2)  # the other one has looked by now whether the name is free
        stock(self, *arguments, **options)

    monkeypatch.setattr(Execution, "__init__", slow)
    machines = cloud.client("stepfunctions")
    passes = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    arn = machines.create_state_machine(
        name="twice", definition=json.dumps(passes), roleArn=cloud.role_arn
    )["stateMachineArn"]

    def start(number: int) -> str:
        try:
            machines.start_execution(stateMachineArn=arn, name="one", input=f'{{"n": {number}}}')
        except machines.exceptions.ExecutionAlreadyExists:
            return "refused"
        return "started"

    with ThreadPoolExecutor(2) as starters:
        assert sorted(starters.map(start, range(2))) == ["refused", "started"]
    assert len(machines.list_executions(stateMachineArn=arn)["executions"]) == 1


def test_an_execution_that_has_succeeded_has_its_output(
    cloud: BareCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock = States.get_input

    def slow(self: Any, query: str | None = None) -> Any:
        found = stock(self, query)
        if sys._getframe(1).f_code.co_name == "_reflect_execution_status":
            time.sleep(0.3)  # the status is written already
        return found

    monkeypatch.setattr(States, "get_input", slow)
    result = execute(cloud, {"P": {"Type": "Pass", "Result": {"a": 1}, "End": True}})
    assert result["status"] == "SUCCEEDED"
    assert json.loads(result["output"]) == {"a": 1}
