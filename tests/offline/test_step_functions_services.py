"""What states get from the services that they call: Lambda, SSM, SageMaker, S3, Step Functions."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from penstock.localcloud.shims import functions, s3, sagemaker_packages, stepfunctions
from penstock.localcloud.workers.functions import FunctionsWorker
from tests.offline.bare_cloud import BareCloud
from tests.offline.test_step_functions import execute

pytestmark = pytest.mark.offline

HANDLER = """
class TooFewRowsError(Exception):
    pass

def handler(event, context):
    if "rows" not in event:
        raise TooFewRowsError("there are none")
    return {"rows": event["rows"], "mean": 0.5, "best": None}
"""


@pytest.fixture
def cloud(bare_cloud: BareCloud) -> BareCloud:
    context = bare_cloud.context
    stepfunctions.install(bare_cloud.patches, clients=context.clients, clock=context.clock)
    s3.install(bare_cloud.patches)
    return bare_cloud


@pytest.fixture
def function(cloud: BareCloud) -> Iterator[str]:
    worker = FunctionsWorker(cloud.context)
    functions.install(cloud.patches, invoker=worker)
    worker.start()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("handler.py", HANDLER)
    yield cloud.client("lambda").create_function(
        FunctionName="count",
        Runtime="python3.13",
        Role=cloud.role_arn,
        Handler="handler.handler",
        Code={"ZipFile": archive.getvalue()},
    )["FunctionArn"]
    worker.stop()


def call(
    cloud: BareCloud, service: str, parameters: dict[str, Any], data: Any = None, **members: Any
) -> dict[str, Any]:
    """DescribeExecution's answer for a machine of one task."""
    task = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{service}",
        "Parameters": parameters,
        "End": True,
        **members,
    }
    return execute(cloud, {"Call": task}, data)


def test_a_functions_answer_is_the_payload(cloud: BareCloud, function: str) -> None:
    result = call(
        cloud,
        "lambda:invoke",
        {"FunctionName": function, "Payload": {"rows.$": "$.count"}},
        {"count": 3},
        ResultSelector={"mean.$": "$.Payload.mean", "best.$": "$.Payload.best"},
        ResultPath="$.answer",
    )
    assert json.loads(result["output"]) == {"count": 3, "answer": {"mean": 0.5, "best": None}}


def test_a_functions_error_has_the_name_of_its_exception(cloud: BareCloud, function: str) -> None:
    result = call(cloud, "lambda:invoke", {"FunctionName": function, "Payload": {}})
    assert (result["status"], result["error"]) == ("FAILED", "TooFewRowsError")
    assert json.loads(result["cause"])["errorMessage"] == "there are none"


def test_lambdas_own_errors_have_lambdas_names(cloud: BareCloud, function: str) -> None:
    result = call(cloud, "lambda:invoke", {"FunctionName": "nobody", "Payload": {}})
    assert result["error"] == "Lambda.ResourceNotFoundException"


def test_a_parameter_that_is_missing_has_the_sdks_error_name(cloud: BareCloud) -> None:
    result = call(cloud, "aws-sdk:ssm:getParameter", {"Name": "/nothing"})
    assert result["error"] == "Ssm.ParameterNotFoundException"


def test_an_objects_body_is_text_that_can_be_read_as_json(cloud: BareCloud) -> None:
    store = cloud.client("s3")
    store.create_bucket(Bucket="lake")
    store.put_object(Bucket="lake", Key="summary.json", Body=b'{"violations": 3}')
    result = call(
        cloud,
        "aws-sdk:s3:getObject",
        {"Bucket": "lake", "Key": "summary.json"},
        ResultSelector={"summary.$": "States.StringToJson($.Body)"},
    )
    assert json.loads(result["output"]) == {"summary": {"violations": 3}}
    missing = call(cloud, "aws-sdk:s3:getObject", {"Bucket": "lake", "Key": "nothing"})
    assert missing["error"] == "S3.NoSuchKeyException"


def test_a_model_is_made_of_a_package_and_deleted_again(cloud: BareCloud) -> None:
    sagemaker_packages.install_packages(cloud.patches, cloud.context.clock, cloud.context.events)
    api = cloud.client("sagemaker")
    api.create_model_package_group(ModelPackageGroupName="digits")
    package = api.create_model_package(
        ModelPackageGroupName="digits",
        CustomerMetadataProperties={"run": "abc"},
        InferenceSpecification={
            "Containers": [{"Image": "image", "ModelDataUrl": "s3://lake/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    )["ModelPackageArn"]
    described = call(cloud, "aws-sdk:sagemaker:describeModelPackage", {"ModelPackageName": package})
    assert json.loads(described["output"])["CustomerMetadataProperties"] == {"run": "abc"}
    created = call(
        cloud,
        "aws-sdk:sagemaker:createModel",
        {
            "ModelName": "m",
            "ExecutionRoleArn": cloud.role_arn,
            "Containers": [{"ModelPackageName": package}],
        },
    )
    assert json.loads(created["output"])["ModelArn"].endswith(":model/m")
    assert call(cloud, "aws-sdk:sagemaker:deleteModel", {"ModelName": "m"})["output"] == "{}"
    again = call(cloud, "aws-sdk:sagemaker:deleteModel", {"ModelName": "m"})
    assert again["error"] == "SageMaker.SageMakerException"


@pytest.mark.parametrize(
    ("service", "given", "taken"),
    [
        ("aws-sdk:sfn", '{"cause":"alarm"}', "Sfn.ExecutionAlreadyExistsException"),
        ("states", {"cause": "alarm"}, "StepFunctions.ExecutionAlreadyExistsException"),
    ],
)
def test_a_machine_starts_another_and_a_name_is_good_for_one_execution(
    cloud: BareCloud, service: str, given: Any, taken: str
) -> None:
    machines = cloud.client("stepfunctions")
    other = machines.create_state_machine(
        name="training",
        definition='{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}',
        roleArn=cloud.role_arn,
    )["stateMachineArn"]
    start = {"StateMachineArn": other, "Name": "retrain-1", "Input": given}
    started = json.loads(call(cloud, f"{service}:startExecution", start)["output"])
    assert set(started) == {"ExecutionArn", "StartDate"}
    execution = machines.describe_execution(executionArn=started["ExecutionArn"])
    assert json.loads(execution["input"]) == {"cause": "alarm"}
    assert call(cloud, f"{service}:startExecution", start)["error"] == taken
    listed = call(cloud, "aws-sdk:sfn:listExecutions", {"StateMachineArn": other})
    (found,) = json.loads(listed["output"])["Executions"]
    assert found["Name"] == "retrain-1"


def test_alarms_are_described(cloud: BareCloud) -> None:
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName="violations",
        Namespace="n",
        MetricName="violations",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    result = call(cloud, "aws-sdk:cloudwatch:describeAlarms", {"AlarmNames": ["violations"]})
    (alarm,) = json.loads(result["output"])["MetricAlarms"]
    assert alarm["StateValue"] in ("OK", "INSUFFICIENT_DATA")
