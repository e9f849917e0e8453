"""Training: the Glue job, both state machines and the registry as the description says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.synth.reading import text

RUN = "States.Hash($$.Execution.Id, 'MD5')"


@pytest.fixture(scope="module")
def states(dev: Any) -> dict[str, Any]:
    found: dict[str, Any] = dev.machine("Training")["States"]
    return found


@pytest.fixture(scope="module")
def deployment(dev: Any) -> dict[str, Any]:
    found: dict[str, Any] = dev.machine("Deployment")["States"]
    return found


def test_the_glue_job_runs_the_script_with_our_codec_beside_it(dev: Any) -> None:
    job = dev.named("Glue::Job", "Prepare")
    assert job["GlueVersion"] == "5.1"
    assert job["Command"]["Name"] == "glueetl"
    assert job["Command"]["PythonVersion"] == "3"
    assert (job["WorkerType"], job["NumberOfWorkers"]) == ("G.1X", 2)
    assert (job["Timeout"], job["MaxRetries"]) == (30, 0)
    assert "SecurityConfiguration" in job
    arguments = job["DefaultArguments"]
    script = text(job["Command"]["ScriptLocation"]).rpartition("/")[2]
    assert (dev.out / f"asset.{script}").read_text().startswith('"""Glue job')
    package = text(arguments["--extra-py-files"]).rpartition("/")[2].removesuffix(".zip")
    root = dev.out / f"asset.{package}"
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert {"penstock/__init__.py", "penstock/recordio/__init__.py"} <= files
    assert all(name.endswith(".py") for name in files)
    assert "penstock/recordio/spark/__init__.py" in files
    rooms = {name.split("/")[1] for name in files - {"penstock/__init__.py"}}
    assert rooms == {"recordio", "channels", "series"}


def test_the_glue_job_is_told_the_columns(dev: Any) -> None:
    arguments = dev.named("Glue::Job", "Prepare")["DefaultArguments"]
    assert text(arguments["--records_uri"]).endswith("/records/")
    assert arguments["--id_column"] == "id"
    assert arguments["--label_column"] == "label"
    assert arguments["--feature_columns"] == ",".join(f"pixels_{n}" for n in range(64))


def test_glue_encrypts_logs_bookmarks_and_data(dev: Any) -> None:
    configuration = dev.named("Glue::SecurityConfiguration", "Prepare")
    encryption = configuration["EncryptionConfiguration"]
    assert encryption["CloudWatchEncryption"]["CloudWatchEncryptionMode"] == "SSE-KMS"
    assert encryption["JobBookmarksEncryption"]["JobBookmarksEncryptionMode"] == "CSE-KMS"
    (s3,) = encryption["S3Encryptions"]
    assert s3["S3EncryptionMode"] == "SSE-KMS"


def test_the_order_of_the_training_states(states: dict[str, Any], dev: Any) -> None:
    assert dev.machine("Training")["StartAt"] == "Prepare"
    assert states["Prepare"]["Next"] == "Train"
    assert states["Train"]["Next"] == "DescribeTraining"
    assert states["DescribeTraining"]["Next"] == "IsTrained"
    assert [choice["Next"] for choice in states["IsTrained"]["Choices"]] == ["ReadMetric"]
    assert states["ReadMetric"]["Next"] == "Gate"
    assert states["Register"]["Next"] == "Summarize"
    assert states["Summarize"]["End"] is True


def test_each_run_prepares_into_a_folder_of_its_own(states: dict[str, Any]) -> None:
    prepare = states["Prepare"]
    assert prepare["Resource"] == "arn:<AWS::Partition>:states:::glue:startJobRun.sync"
    uri = prepare["Parameters"]["Arguments"]["--output_uri.$"]
    assert uri.endswith(f"/prepared/{{}}/', {RUN})")
    assert prepare["ResultSelector"] == {"run.$": RUN, "prepared_uri.$": uri}


def test_the_training_job_is_isolated_encrypted_and_named_after_run_and_attempt(
    states: dict[str, Any],
) -> None:
    train = states["Train"]
    assert train["Resource"] == "arn:<AWS::Partition>:states:::sagemaker:createTrainingJob.sync"
    job = train["Parameters"]
    assert job["TrainingJobName.$"] == (
        f"States.Format('digits-dev-{{}}-{{}}', {RUN}, $$.State.RetryCount)"
    )
    assert job["EnableNetworkIsolation"] is True
    assert job["EnableInterContainerTrafficEncryption"] is True
    assert "ExportsOutputFnGetAttKey" in job["OutputDataConfig"]["KmsKeyId"]
    assert job["OutputDataConfig"]["S3OutputPath"].endswith("/models/")
    assert "ExportsOutputFnGetAttKey" in job["ResourceConfig"]["VolumeKmsKeyId"]
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600}
    assert {"Key": "pipeline", "Value": "digits"} in job["Tags"]


def test_the_training_job_is_the_descriptions(states: dict[str, Any]) -> None:
    job = states["Train"]["Parameters"]
    assert job["HyperParameters"] == {
        "predictor_type": "multiclass_classifier",
        "num_classes": "10",
        "feature_dim": "64",
        "epochs": "15",
        "mini_batch_size": "32",
    }
    assert job["AlgorithmSpecification"]["TrainingInputMode"] == "Pipe"
    assert [channel["ChannelName"] for channel in job["InputDataConfig"]] == [
        "train",
        "validation",
        "test",
    ]
    for channel in job["InputDataConfig"]:
        assert channel["ContentType"] == "application/x-recordio-protobuf"
        assert channel["InputMode"] == "Pipe"
        source = channel["DataSource"]["S3DataSource"]
        assert source["S3Uri.$"] == (
            f"States.Format('{{}}{channel['ChannelName']}/', $.prepared_uri)"
        )


def test_the_images_account_comes_from_a_mapping_over_all_regions(
    states: dict[str, Any], dev: Any
) -> None:
    image = states["Train"]["Parameters"]["AlgorithmSpecification"]["TrainingImage"]
    assert image == "<account of the region>.dkr.ecr.us-east-1.<AWS::URLSuffix>/linear-learner:1"
    (mapping,) = dev.templates["training"]["Mappings"].values()
    assert mapping["us-east-1"] == {"account": "382416733822"}
    assert len(mapping) == 37


def test_only_what_is_worth_it_is_tried_again(states: dict[str, Any]) -> None:
    for name in ("Prepare", "Train", "DescribeTraining", "Register"):
        (retry,) = states[name]["Retry"]
        assert retry["MaxAttempts"] >= 3
        assert not {"States.ALL", "States.TaskFailed"} & set(retry["ErrorEquals"])


def test_the_gate_is_the_jobs_own_final_metric(states: dict[str, Any]) -> None:
    describe = states["DescribeTraining"]
    assert describe["Resource"].endswith(":aws-sdk:sagemaker:describeTrainingJob")
    assert describe["Parameters"] == {"TrainingJobName.$": "$.training.job_name"}
    assert states["Train"]["ResultSelector"] == {"job_name.$": "$.TrainingJobName"}
    selector = describe["ResultSelector"]["metric_values.$"]
    assert selector == "$.FinalMetricDataList[?(@.MetricName=='test:multiclass_accuracy')].Value"
    missing, passed = states["Gate"]["Choices"]
    assert (missing["IsPresent"], missing["Next"]) == (False, "MetricMissing")
    assert (passed["NumericGreaterThanEquals"], passed["Next"]) == (0.9, "ReadServedModel")
    assert states["Gate"]["Default"] == "GateMissed"
    missed = states["GateMissed"]
    assert (missed["Type"], missed["Error"]) == ("Fail", "QualityGateMissed")
    assert "test:multiclass_accuracy is {}" in missed["CausePath"]
    assert "0.9" in missed["CausePath"]


def test_a_job_that_was_stopped_is_not_judged_by_what_it_left(states: dict[str, Any]) -> None:
    selected = states["DescribeTraining"]["ResultSelector"]
    assert selected["status.$"] == "$.TrainingJobStatus"
    (trained,) = states["IsTrained"]["Choices"]
    assert (trained["Variable"], trained["StringEquals"]) == ("$.training.status", "Completed")
    assert states["IsTrained"]["Default"] == "TrainingStopped"
    stopped = states["TrainingStopped"]
    assert (stopped["Type"], stopped["Error"]) == ("Fail", "TrainingNotCompleted")


def test_a_model_is_approved_in_dev_and_waits_elsewhere(dev: Any, prod: Any) -> None:
    for synthesized, status in ((dev, "Approved"), (prod, "PendingManualApproval")):
        package = synthesized.machine("Training")["States"]["Register"]["Parameters"]
        assert package["ModelApprovalStatus"] == status
        (container,) = package["InferenceSpecification"]["Containers"]
        assert container["ModelDataUrl.$"] == "$.artifact_uri"
        assert container["Image"].endswith("/linear-learner:1")


def test_a_retried_registration_makes_no_second_package(states: dict[str, Any]) -> None:
    assert states["Register"]["Parameters"]["ClientToken.$"] == RUN


def test_the_package_says_which_run_and_which_rows_its_model_comes_from(
    states: dict[str, Any],
) -> None:
    assert states["Register"]["Parameters"]["CustomerMetadataProperties"] == {
        "run.$": "$.run",
        "prepared_uri.$": "$.prepared_uri",
        "training_job_name.$": "$.training_job_name",
        "metric": "test:multiclass_accuracy",
        "metric_value.$": "States.Format('{}', $.metric_values[0])",
    }


def test_a_successful_execution_says_what_it_made(states: dict[str, Any]) -> None:
    assert {key.removesuffix(".$") for key in states["Summarize"]["Parameters"]} == {
        "run",
        "training_job_name",
        "metric_value",
        "serving_metric_value",
        "registered",
        "model_package_arn",
        "prepared_uri",
        "artifact_uri",
    }


def test_without_a_served_model_there_is_nothing_to_beat(states: dict[str, Any]) -> None:
    assert states["ReadServedModel"]["Parameters"] == {
        "Name": "/penstock/digits/dev/model-package-arn"
    }
    (none,) = states["IsModelServed"]["Choices"]
    assert (none["StringEquals"], none["Next"]) == ("none", "NotCompared")
    assert states["IsModelServed"]["Default"] == "CreateServedModel"
    assert states["NotCompared"]["Parameters"] == {"metric_value": None}
    assert states["NotCompared"]["Next"] == "Register"


def test_the_served_model_answers_the_new_runs_test_rows(states: dict[str, Any]) -> None:
    model = states["CreateServedModel"]["Parameters"]
    assert model["ModelName.$"] == f"States.Format('digits-dev-{{}}', {RUN})"
    assert model["PrimaryContainer"] == {"ModelPackageName.$": "$.serving.package_arn"}
    assert model["EnableNetworkIsolation"] is True
    assert "ScoringRole" in model["ExecutionRoleArn"]
    score = states["ScoreServedModel"]
    assert score["Resource"].endswith(":states:::sagemaker:createTransformJob.sync")
    job = score["Parameters"]
    assert job["ModelName.$"] == model["ModelName.$"]
    source = job["TransformInput"]["DataSource"]["S3DataSource"]
    assert source["S3Uri.$"] == "States.Format('{}holdout/test_features.csv', $.prepared_uri)"
    assert job["TransformInput"]["SplitType"] == "Line"
    output = job["TransformOutput"]
    assert output["S3OutputPath.$"] == "States.Format('{}scores/', $.prepared_uri)"
    assert (output["Accept"], output["AssembleWith"]) == ("application/jsonlines", "Line")
    assert "ExportsOutputFnGetAttKey" in output["KmsKeyId"]
    assert "ExportsOutputFnGetAttKey" in job["TransformResources"]["VolumeKmsKeyId"]
    payload = states["CompareModels"]["Parameters"]["Payload"]
    assert payload["answers_uri.$"] == (
        "States.Format('{}scores/test_features.csv.out', $.prepared_uri)"
    )
    assert (payload["answer_field"], payload["formula"]) == ("predicted_label", "accuracy")
    assert payload["new_metric_value.$"] == "$.metric_values[0]"


def test_the_scored_model_is_deleted_however_scoring_ended(states: dict[str, Any]) -> None:
    for name in ("ScoreServedModel", "CompareModels"):
        (caught,) = states[name]["Catch"]
        assert (caught["ErrorEquals"], caught["Next"]) == (["States.ALL"], "DeleteServedModel")
        assert caught["ResultPath"] == "$.failure"
    assert states["CompareModels"]["Next"] == "DeleteServedModel"
    assert states["DeleteServedModel"]["Next"] == "BeatsServing"
    failed, better = states["BeatsServing"]["Choices"]
    assert (failed["Variable"], failed["Next"]) == ("$.failure", "ComparisonFailed")
    assert states["ComparisonFailed"]["Type"] == "Fail"
    assert states["ComparisonFailed"]["CausePath"] == "$.failure.Cause"
    assert (better["BooleanEquals"], better["Next"]) == (True, "Register")


def test_a_model_that_does_not_beat_the_served_one_is_a_success_without_a_package(
    states: dict[str, Any],
) -> None:
    assert states["BeatsServing"]["Default"] == "KeepServing"
    kept, registered = states["KeepServing"], states["Summarize"]
    assert (kept["Type"], kept["End"]) == ("Pass", True)
    assert kept["Parameters"]["model_package_arn"] is None
    assert kept["Parameters"]["registered"] is False
    assert registered["Parameters"]["registered"] is True
    first, second = (
        {name.removesuffix(".$") for name in state["Parameters"]} for state in (kept, registered)
    )
    assert first == second


def test_an_approval_starts_the_deployment(dev: Any) -> None:
    rule = dev.named("Events::Rule", "Deployment")
    assert rule["EventPattern"] == {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {
            "ModelPackageGroupName": ["digits-dev"],
            "ModelApprovalStatus": ["Approved"],
        },
    }
    (target,) = rule["Targets"]
    assert "DeploymentWorkflowMachine" in json.dumps(target["Arn"])
    assert "DeploymentRuleRole" in json.dumps(target["RoleArn"])


def test_the_deployment_records_protects_and_updates(deployment: dict[str, Any]) -> None:
    assert deployment["ReadModel"]["Next"] == "RecordModel"
    record = deployment["RecordModel"]
    assert record["Parameters"] == {
        "Name": "/penstock/digits/dev/model-package-arn",
        "Type": "String",
        "Overwrite": True,
        "Value.$": "$.detail.ModelPackageArn",
    }
    assert record["Next"] == "ProtectEndpoint"
    assert deployment["ProtectEndpoint"]["Next"] == "UpdateServing"
    update = deployment["UpdateServing"]
    assert update["Resource"].endswith("aws-sdk:cloudformation:updateStack")
    assert "DeploymentRole" not in update["Parameters"]["RoleARN"]
    assert "ServingUpdateRole" in update["Parameters"].pop("RoleARN")
    assert update["Parameters"] == {
        "StackName": "digits-dev-serving",
        "UsePreviousTemplate": True,
        "Parameters": [{"ParameterKey": "ModelPackageArn", "UsePreviousValue": True}],
    }


def test_every_call_of_the_deployment_keeps_what_it_was_given(deployment: dict[str, Any]) -> None:
    tasks = {name: state for name, state in deployment.items() if state["Type"] == "Task"}
    assert len(tasks) >= 5
    for name, state in tasks.items():
        # without a path the answer would replace the event, and a later state find nothing
        assert state["ResultPath"].startswith("$."), name


def test_the_update_names_every_parameter_of_the_serving_template(
    deployment: dict[str, Any], dev: Any
) -> None:
    given = {p["ParameterKey"] for p in deployment["UpdateServing"]["Parameters"]["Parameters"]}
    assert given == set(dev.templates["serving"]["Parameters"])


def test_the_stack_policy_forbids_to_delete_or_replace_the_endpoint(
    deployment: dict[str, Any],
) -> None:
    parameters = deployment["ProtectEndpoint"]["Parameters"]
    assert parameters["StackName"] == "digits-dev-serving"
    allow, deny = json.loads(parameters["StackPolicyBody"])["Statement"]
    assert (allow["Effect"], allow["Action"]) == ("Allow", "Update:*")
    assert (deny["Effect"], deny["Action"]) == ("Deny", ["Update:Delete", "Update:Replace"])
    assert deny["Condition"] == {"StringEquals": {"ResourceType": ["AWS::SageMaker::Endpoint"]}}


def test_no_update_is_success_in_progress_is_waited_for_and_the_rest_alerts(
    deployment: dict[str, Any],
) -> None:
    (caught,) = deployment["UpdateServing"]["Catch"]
    assert caught["Next"] == "JudgeRefusal"
    refusal = deployment["JudgeRefusal"]
    outcomes = {
        one["StringMatches"]: choice["Next"]
        for choice in refusal["Choices"]
        for one in choice.get("Or", [choice])
    }
    assert outcomes == {
        "*No updates are to be performed*": "Deployed",
        "*_IN_PROGRESS state*": "WaitForStack",
        "*Rate exceeded*": "WaitForStack",
    }
    # the same error name as a refusal: retrying by name would repeat every refusal
    assert "Retry" not in deployment["UpdateServing"]
    assert refusal["Default"] == "ReadRecordedModel"
    assert deployment["WaitForStack"]["Next"] == "UpdateServing"
    serving = deployment["JudgeServing"]
    assert serving["Choices"][0]["StringEquals"] == "UPDATE_COMPLETE"
    assert serving["Choices"][0]["Next"] == "Deployed"
    assert serving["Choices"][1]["StringMatches"] == "*_IN_PROGRESS"
    assert serving["Choices"][1]["Next"] == "WaitForServing"
    assert serving["Default"] == "ReadRecordedModel"
    assert deployment["WaitForServing"]["Seconds"] == 15
    assert deployment["WaitForServing"]["Next"] == "DescribeServing"
    assert deployment["Alert"]["Next"] == "DeploymentFailed"
    assert deployment["DeploymentFailed"]["Type"] == "Fail"


def test_a_model_that_cannot_be_deployed_is_not_left_recorded(deployment: dict[str, Any]) -> None:
    (still,) = deployment["IsStillRecorded"]["Choices"]
    assert (still["Variable"], still["StringEqualsPath"]) == (
        "$.recorded.package_arn",
        "$.detail.ModelPackageArn",
    )
    put_back = deployment[still["Next"]]
    assert put_back["Parameters"]["Value.$"] == "$.before.package_arn"
    assert put_back["Next"] == deployment["IsStillRecorded"]["Default"] == "Alert"
    for name in ("ReadModel", "ReadRecordedModel", still["Next"]):
        (caught,) = deployment[name]["Catch"]
        assert caught["Next"] == "Alert"
    for name in ("RecordModel", "ProtectEndpoint", "DescribeServing"):
        (caught,) = deployment[name]["Catch"]
        assert caught["Next"] == "ReadRecordedModel"


def test_calls_of_the_deployment_are_retried_by_the_sdks_error_names(
    deployment: dict[str, Any],
) -> None:
    """A name such as CloudFormation.ThrottlingException is in no model of these APIs."""
    for name, base in {
        "RecordModel": "Ssm.SsmException",
        "ProtectEndpoint": "CloudFormation.CloudFormationException",
        "DescribeServing": "CloudFormation.CloudFormationException",
        "Alert": "Sns.SnsException",
    }.items():
        (retry,) = deployment[name]["Retry"]
        assert base in retry["ErrorEquals"], name


def test_both_machines_are_logged_in_full_and_traced(dev: Any) -> None:
    machines = dev.resources("StepFunctions::StateMachine", "training")
    assert len(machines) == 2
    for resource in machines.values():
        logging = resource["Properties"]["LoggingConfiguration"]
        assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", True)
        assert resource["Properties"]["TracingConfiguration"] == {"Enabled": True}


def test_the_models_parameter_starts_as_none_and_nothing_can_rewrite_it(dev: Any) -> None:
    parameter = dev.only("SSM::Parameter")
    # a tag or a description that changes would make CloudFormation write "none" again
    assert parameter == {
        "Name": "/penstock/digits/dev/model-package-arn",
        "Type": "String",
        "Value": "none",
    }


def test_outputs_of_training(dev: Any) -> None:
    outputs = dev.outputs("training")
    assert outputs["ModelPackageGroupName"] == "digits-dev"
    assert outputs["GateMetric"] == "test:multiclass_accuracy"
    assert outputs["GateDemand"] == "at least 0.9"
    assert set(outputs) >= {
        "TrainingStateMachineArn",
        "DeploymentStateMachineArn",
        "ModelPackageParameterName",
        "ArtifactsBucketName",
    }
