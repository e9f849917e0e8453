"""What watches and acts: checks, alarm, retraining, their switch; nothing of it when left out."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pipelines.spec import Capture, Monitor, Retrain
from stacks.monitor_machine import check_times
from tests.synth.conftest import Synthesized, synthesized, watched_by
from tests.synth.reading import text

CHECK = "States.Hash($$.Execution.Id, 'MD5')"
RUN = "$.package.CustomerMetadataProperties.run"
LAKE = r"s3://<digits-dev-lake:ExportsOutputRefLake\w+>"


@pytest.fixture(scope="module")
def monitor(watched: Synthesized) -> dict[str, Any]:
    found: dict[str, Any] = watched.machine("Monitor")["States"]
    return found


@pytest.fixture(scope="module")
def retrain(watched: Synthesized) -> dict[str, Any]:
    found: dict[str, Any] = watched.machine("Retrain")["States"]
    return found


@pytest.fixture(scope="module")
def aged(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Trained again by age alone, watched by nothing."""
    pipeline = watched_by(None, Retrain(every_days=30), None)
    return synthesized(context, tmp_path_factory.mktemp("aged"), pipeline)


@pytest.fixture(scope="module")
def managed(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Watched by Model Monitor, trained again."""
    pipeline = watched_by(Monitor(engine="model-monitor"), Retrain(), Capture(percentage=100))
    return synthesized(context, tmp_path_factory.mktemp("managed-retrain"), pipeline)


def test_without_monitor_and_retrain_nothing_of_them_is_in_any_template(
    plain: Synthesized,
) -> None:
    assert set(plain.templates) == {"foundation", "lake", "ingestion", "training", "serving"}
    for layer, template in plain.templates.items():
        words = json.dumps(template).lower()
        for word in ("monitor", "retrain", "baseline", "aws::scheduler", "data-metrics"):
            assert word not in words, (layer, word)


def test_the_sixth_stack_is_deployed_after_serving_and_nothing_refers_to_it(
    watched: Synthesized,
) -> None:
    manifest = json.loads((watched.out / "assembly-digits-dev" / "manifest.json").read_text())
    stacks = {
        artifact["properties"]["stackName"]: artifact["dependencies"]
        for artifact in manifest["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    assert len(stacks) == 6
    assert any("serving" in name for name in stacks["digits-dev-monitoring"])
    for layer, template in watched.templates.items():
        assert "digits-dev-monitoring:" not in json.dumps(template), layer


def test_it_is_protected_outside_dev_and_tagged(
    context: dict[str, Any], tmp_path: Any, watched: Synthesized
) -> None:
    pipeline = watched_by(Monitor(), Retrain(), Capture(percentage=5))
    prod = synthesized(context, tmp_path, pipeline, "prod")
    manifest = json.loads((prod.out / "assembly-digits-prod" / "manifest.json").read_text())
    protected = {
        artifact["properties"]["stackName"]: artifact["properties"].get("terminationProtection")
        for artifact in manifest["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    assert protected["digits-prod-monitoring"] is True
    assert "digits-dev" not in json.dumps(prod.templates)
    tags = [{"Key": "environment", "Value": "dev"}, {"Key": "pipeline", "Value": "digits"}]
    kinds = ("CloudWatch::Alarm", "StepFunctions::StateMachine", "Lambda::Function", "IAM::Role")
    for kind in kinds:
        for resource in watched.resources(kind, "monitoring").values():
            assert resource["Properties"]["Tags"] == tags, kind


def test_logs_of_what_watches_have_the_key_and_a_retention(watched: Synthesized) -> None:
    groups = {
        **watched.resources("Logs::LogGroup", "monitoring"),
        **watched.resources("Logs::LogGroup", "training"),
    }
    names = {text(one["Properties"].get("LogGroupName", "")) for one in groups.values()}
    assert names >= {
        "/aws/vendedlogs/states/digits-dev-monitor",
        "/aws/vendedlogs/states/digits-dev-retrain",
        "/aws-glue/jobs/digits-dev-monitor/error",
        "/aws-glue/jobs/digits-dev-monitor/output",
    }
    for name, resource in groups.items():
        assert "ExportsOutputFnGetAttKey" in json.dumps(resource["Properties"]["KmsKeyId"]), name
        assert resource["Properties"]["RetentionInDays"] == 90, name


def test_reports_are_kept_for_a_year_and_baselines_for_good(watched: Synthesized) -> None:
    rules = watched.named("S3::Bucket", "Lake")["LifecycleConfiguration"]["Rules"]
    expiring = {r["Prefix"]: r["ExpirationInDays"] for r in rules if "ExpirationInDays" in r}
    assert expiring == {"errors/": 90, "prepared/": 30, "capture/": 30, "monitor/reports/": 365}
    assert watched.outputs("lake")["MonitorPrefix"] == "monitor/"


def test_outputs_say_what_to_start_and_what_to_look_at(
    watched: Synthesized, aged: Synthesized, managed: Synthesized
) -> None:
    assert set(watched.outputs("monitoring")) == {
        "MonitorStateMachineArn",
        "MonitorAlarmName",
        "RetrainStateMachineArn",
    }
    assert "MonitorJob" in text(watched.outputs("training")["MonitorJobName"])
    assert set(aged.outputs("monitoring")) == {"RetrainStateMachineArn"}
    assert set(managed.outputs("monitoring")) == {"RetrainStateMachineArn"}


# --- the monitor's job and baseline ---


def test_the_monitor_job_has_both_rooms_and_the_wheel(watched: Synthesized) -> None:
    job = watched.named("Glue::Job", "Monitor")
    assert (job["GlueVersion"], job["WorkerType"], job["NumberOfWorkers"]) == ("5.1", "G.1X", 2)
    assert (job["Timeout"], job["MaxRetries"]) == (30, 0)
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 3}
    arguments = job["DefaultArguments"]
    assert arguments["--feature_columns"] == ",".join(f"pixels_{n}" for n in range(64))
    assert arguments["--custom-logGroup-prefix"] == "/aws-glue/jobs/digits-dev-monitor"
    assert "/datasketches-" in json.dumps(arguments["--additional-python-modules"])
    assert arguments["--python-modules-installer-option"] == "--no-index --no-deps"
    package = text(arguments["--extra-py-files"]).rpartition("/")[2].removesuffix(".zip")
    rooms = {path.name for path in (watched.out / f"asset.{package}" / "penstock").iterdir()}
    assert rooms == {"__init__.py", "recordio", "monitor"}


def test_of_answers_the_job_is_told_the_columns_and_the_baseline_comes_from_their_rows(
    context: dict[str, Any], tmp_path: Any
) -> None:
    monitor = Monitor(of="answers", columns={"tokens": "number", "predicted_label": "category"})
    answers = synthesized(context, tmp_path, watched_by(monitor, None, Capture(percentage=100)))
    arguments = answers.named("Glue::Job", "Monitor")["DefaultArguments"]
    assert arguments["--answer_columns"] == "tokens:number,predicted_label:category"
    assert "--feature_columns" not in arguments
    making = answers.machine("Deployment")["States"]["MakeBaseline"]["Parameters"]["Arguments"]
    assert making["--training_uri.$"] == (
        "States.Format('{}baseline/', $.package.CustomerMetadataProperties.prepared_uri)"
    )


def test_a_baseline_is_made_before_the_model_is_recorded(watched: Synthesized) -> None:
    machine = watched.machine("Deployment")
    states = machine["States"]
    assert machine["StartAt"] == "DescribePackage"
    assert machine["TimeoutSeconds"] == (4 * 60 + 30) * 60
    assert states["DescribePackage"]["Parameters"] == {
        "ModelPackageName.$": "$.detail.ModelPackageArn"
    }
    assert states["DescribePackage"]["Next"] == "KnowsItsRun"
    (known,) = states["KnowsItsRun"]["Choices"]
    assert known["Next"] == "MakeBaseline"
    assert {one["Variable"].rpartition(".")[2] for one in known["And"]} == {"run", "prepared_uri"}
    assert states["KnowsItsRun"]["Default"] == "RunUnknown"
    assert states["RunUnknown"]["Next"] == "Alert"
    baseline = states["MakeBaseline"]
    assert baseline["Next"] == "ReadModel"
    assert baseline["Resource"].endswith(":states:::glue:startJobRun.sync")
    arguments = baseline["Parameters"]["Arguments"]
    address = arguments.pop("--baseline_uri.$")
    assert re.fullmatch(
        rf"States\.Format\('{LAKE}/monitor/baseline/{{}}/', {re.escape(RUN)}\)", address
    )
    assert arguments == {
        "--purpose": "baseline",
        "--training_uri.$": "States.Format('{}train/', "
        "$.package.CustomerMetadataProperties.prepared_uri)",
        "--distance": "Robust",
        "--drift_threshold": "0.1",
    }


@pytest.mark.parametrize("state", ["DescribePackage", "MakeBaseline"])
def test_without_a_baseline_no_model_is_served_and_somebody_is_told(
    watched: Synthesized, state: str
) -> None:
    states = watched.machine("Deployment")["States"]
    (caught,) = states[state]["Catch"]
    assert (caught["ErrorEquals"], caught["Next"]) == (["States.ALL"], "Alert")
    assert states[state]["ResultPath"].startswith("$.")


def test_model_monitor_finds_the_baseline_where_its_definition_says(managed: Synthesized) -> None:
    arguments = managed.machine("Deployment")["States"]["MakeBaseline"]["Parameters"]["Arguments"]
    assert "--baseline_uri.$" not in arguments
    assert re.fullmatch(rf"{LAKE}/monitor/baseline/current/", arguments["--baseline_uri"])


# --- the monitor's machine, schedule and alarm ---


def test_checks_are_scheduled_with_the_time_they_are_due(watched: Synthesized) -> None:
    schedule = watched.named("Scheduler::Schedule", "Monitor")
    assert schedule["Name"] == "digits-dev-monitor"
    assert schedule["ScheduleExpression"] == "cron(20 * * * ? *)"
    assert schedule["ScheduleExpressionTimezone"] == "UTC"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["State"] == "ENABLED"
    assert "ExportsOutputFnGetAttKey" in json.dumps(schedule["KmsKeyArn"])
    target = schedule["Target"]
    assert json.loads(target["Input"]) == {"scheduled_time": "<aws.scheduler.scheduled-time>"}
    assert "MonitorWorkflowMachine" in json.dumps(target["Arn"])
    assert "MonitorScheduleRole" in json.dumps(target["RoleArn"])


@pytest.mark.parametrize(
    ("hours", "expression"),
    [
        (1, "cron(20 * * * ? *)"),
        (2, "cron(20 0/2 * * ? *)"),
        (12, "cron(20 0/12 * * ? *)"),
        (24, "cron(20 0 * * ? *)"),
    ],
)
def test_every_so_many_hours_is_a_cron_expression(hours: int, expression: str) -> None:
    assert check_times(hours) == expression


def test_without_a_model_there_is_nothing_to_check(monitor: dict[str, Any]) -> None:
    read = monitor["ReadModel"]
    assert read["Resource"].endswith(":aws-sdk:ssm:getParameter")
    assert read["Parameters"] == {"Name": "/penstock/digits/dev/model-package-arn"}
    assert read["Next"] == "IsServed"
    (none,) = monitor["IsServed"]["Choices"]
    assert (none["StringEquals"], none["Next"]) == ("none", "NoModel")
    assert monitor["NoModel"]["Type"] == "Succeed"
    assert monitor["IsServed"]["Default"] == "DescribePackage"
    assert monitor["DescribePackage"]["Parameters"] == {"ModelPackageName.$": "$.model.package_arn"}


def test_a_window_is_the_schedules_or_the_callers(monitor: dict[str, Any]) -> None:
    assert monitor["KnowsItsRun"]["Choices"][0]["Next"] == "Window"
    scheduled, given = monitor["Window"]["Choices"]
    assert (scheduled["Variable"], scheduled["IsPresent"]) == ("$.scheduled_time", True)
    assert monitor[scheduled["Next"]]["Parameters"] == {
        "start": "auto",
        "end.$": "$.scheduled_time",
    }
    assert [one["Variable"] for one in given["And"]] == ["$.window_start", "$.window_end"]
    assert monitor[given["Next"]]["Parameters"] == {
        "start.$": "$.window_start",
        "end.$": "$.window_end",
    }
    assert monitor["Window"]["Default"] == "WindowMissing"
    assert monitor["WindowMissing"]["Next"] == "Alert"


def test_the_job_compares_the_window_with_the_served_models_baseline(
    monitor: dict[str, Any],
) -> None:
    arguments = monitor["Compare"]["Parameters"]["Arguments"]
    assert re.fullmatch(rf"{LAKE}/capture/digits-dev/", arguments.pop("--capture_uri"))
    for name, folder, key in (
        ("--baseline_uri.$", "baseline", RUN),
        ("--report_uri.$", "reports", CHECK),
    ):
        assert re.fullmatch(
            rf"States\.Format\('{LAKE}/monitor/{folder}/{{}}/', {re.escape(key)}\)",
            arguments.pop(name),
        )
    assert arguments == {
        "--purpose": "check",
        "--window_start.$": "$.window.start",
        "--window_end.$": "$.window.end",
        "--window_hours": "1",
        "--endpoint_name": "digits-dev",
        "--schedule_name": "digits-dev-monitor",
    }


def test_the_machines_answer_is_the_summary_and_where_the_report_is(
    monitor: dict[str, Any],
) -> None:
    read = monitor["ReadSummary"]
    assert read["Resource"].endswith(":aws-sdk:s3:getObject")
    assert read["Parameters"]["Key.$"] == (
        f"States.Format('monitor/reports/{{}}/summary.json', {CHECK})"
    )
    summarize = monitor["Summarize"]
    assert summarize["Parameters"] == {
        "output.$": "States.JsonMerge($.read.summary, $.check, false)"
    }
    assert summarize["OutputPath"] == "$.output"
    outcomes = {c["StringEquals"]: c["Next"] for c in monitor["Judge"]["Choices"]}
    assert outcomes == {
        "Completed": "Completed",
        "CompletedWithViolations": "CompletedWithViolations",
    }
    assert {monitor[name]["Type"] for name in outcomes.values()} == {"Succeed"}


# where a failure goes first, before it is told
CLEANING_UP = ("JudgeRefusal", "ReadRecordedModel", "DeleteServedModel")


@pytest.mark.parametrize(
    ("machine", "error"),
    [
        ("Training", "TrainingFailed"),
        ("Deployment", "DeploymentFailed"),
        ("Monitor", "MonitorFailed"),
        ("Retrain", "RetrainFailed"),
    ],
)
def test_a_failure_of_a_machine_is_told_and_is_a_failure(
    watched: Synthesized, machine: str, error: str
) -> None:
    states = watched.machine(machine)["States"]
    tasks = {name: one for name, one in states.items() if one["Type"] == "Task"}
    assert len(tasks) >= 3
    for name, task in tasks.items():
        if name != "Alert":
            last = task["Catch"][-1]
            assert last["ErrorEquals"] == ["States.ALL"], name
            assert last["Next"] in ("Alert", *CLEANING_UP), name
    alert = states["Alert"]
    assert alert["Parameters"]["TopicArn"].startswith("<digits-dev-foundation:ExportsOutputRefAl")
    assert alert["Parameters"]["Subject"].startswith("digits-dev: ")
    assert len(alert["Parameters"]["Subject"]) <= 100 - 18  # a pipeline's name may be longer
    assert alert["Next"] == error
    assert (states[error]["Type"], states[error]["Error"]) == ("Fail", error)


def test_the_alarm_judges_each_check_and_holds_its_state_between_two(
    watched: Synthesized,
) -> None:
    alarm = watched.only("CloudWatch::Alarm", "monitoring")
    assert {key: alarm[key] for key in alarm if key not in ("AlarmDescription", "Tags")} == {
        "Namespace": "aws/sagemaker/Endpoints/data-metrics",
        "MetricName": "violations",
        "Dimensions": [
            {"Name": "Endpoint", "Value": "digits-dev"},
            {"Name": "MonitoringSchedule", "Value": "digits-dev-monitor"},
        ],
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "ignore",
        "AlarmActions": alarm["AlarmActions"],
    }
    (action,) = map(text, alarm["AlarmActions"])
    assert action.startswith("<digits-dev-foundation:ExportsOutputRefAlerts")


# --- retraining ---


def test_an_alarm_that_goes_off_asks_for_a_training(watched: Synthesized) -> None:
    rule = watched.named("Events::Rule", "Retrain")
    (alarm,) = watched.resources("CloudWatch::Alarm", "monitoring")
    assert rule["EventPattern"] == {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "resources": [{"Fn::GetAtt": [alarm, "Arn"]}],
        "detail": {"state": {"value": ["ALARM"]}},
    }
    (target,) = rule["Targets"]
    assert json.loads(target["Input"]) == {"cause": "alarm"}
    assert "RetrainWorkflowMachine" in json.dumps(target["Arn"])
    assert "RetrainRuleRole" in json.dumps(target["RoleArn"])


def test_every_hour_somebody_asks_as_well(watched: Synthesized) -> None:
    schedule = watched.named("Scheduler::Schedule", "Retrain")
    assert schedule["Name"] == "digits-dev-retrain"
    assert schedule["ScheduleExpression"] == "cron(40 * * * ? *)"
    assert "ExportsOutputFnGetAttKey" in json.dumps(schedule["KmsKeyArn"])
    assert json.loads(schedule["Target"]["Input"]) == {"cause": "schedule"}
    assert "RetrainWorkflowMachine" in json.dumps(schedule["Target"]["Arn"])
    assert "RetrainScheduleRole" in json.dumps(schedule["Target"]["RoleArn"])


def test_one_parameter_turns_both_off_and_leaves_the_checks_on(watched: Synthesized) -> None:
    parameter = watched.templates["monitoring"]["Parameters"]
    assert set(parameter) == {"AutomaticRetraining"}
    assert parameter["AutomaticRetraining"]["AllowedValues"] == ["ENABLED", "DISABLED"]
    assert parameter["AutomaticRetraining"]["Default"] == "ENABLED"
    switch = {"Ref": "AutomaticRetraining"}
    assert watched.named("Events::Rule", "Retrain")["State"] == switch
    assert watched.named("Scheduler::Schedule", "Retrain")["State"] == switch
    assert watched.named("Scheduler::Schedule", "Monitor")["State"] == "ENABLED"
    assert watched.named("Events::Rule", "Deployment")["State"] == "ENABLED"


def test_the_machine_decides_and_starts_or_says_why_not(retrain: dict[str, Any]) -> None:
    decide = retrain["Decide"]
    assert decide["Resource"].endswith(":states:::lambda:invoke")
    assert decide["Parameters"]["FunctionName"].startswith("<RetrainDecisionFunction")
    assert decide["Parameters"]["Payload.$"] == "$"
    assert decide["Next"] == "ShouldStart"
    (start,) = retrain["ShouldStart"]["Choices"]
    assert (start["Variable"], start["BooleanEquals"]) == ("$.start", True)
    assert start["Next"] == "StartTraining"
    assert retrain["ShouldStart"]["Default"] == "NothingToDo"
    assert retrain["NothingToDo"]["Type"] == "Succeed"


def test_a_training_is_started_once_and_knows_who_asked(retrain: dict[str, Any]) -> None:
    start = retrain["StartTraining"]
    assert start["Resource"].endswith(":states:::states:startExecution")
    parameters = start["Parameters"]
    assert parameters["Name.$"] == "$.name"
    assert "ExportsOutputRefTrainingWorkflowMachine" in parameters["StateMachineArn"]
    assert set(parameters["Input"]) == {
        "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$",
        "cause.$",
        "reason.$",
    }
    already, failed = start["Catch"]
    assert already["ErrorEquals"] == ["StepFunctions.ExecutionAlreadyExistsException"]
    assert retrain[already["Next"]]["Type"] == "Succeed"
    assert failed["Next"] == "Alert"
    retried = {name for retry in start["Retry"] for name in retry["ErrorEquals"]}
    assert "StepFunctions.ExecutionAlreadyExistsException" not in retried


def test_the_decision_is_given_the_descriptions_numbers(watched: Synthesized) -> None:
    function = watched.only("Lambda::Function", "monitoring")
    variables = function["Environment"]["Variables"]
    assert {k: v for k, v in variables.items() if isinstance(v, str)} == {
        "RECORDS_PREFIX": "records/",
        "EVERY_DAYS": "7",
        "AT_MOST_PER_DAY": "2",
        "PAUSE_MINUTES": "60",
    }
    assert variables["ALARM_NAME"] == {
        "Ref": next(iter(watched.resources("CloudWatch::Alarm", "monitoring")))
    }
    assert "TrainingWorkflowMachine" in text(variables["TRAINING_MACHINE_ARN"])
    assert "ExportsOutputRefLake" in text(variables["LAKE_BUCKET"])
    folder = watched.out / f"asset.{function['Code']['S3Key'].removesuffix('.zip')}"
    assert [path.name for path in folder.iterdir()] == ["handler.py"]


@pytest.mark.parametrize("variant", ["aged", "managed"])
def test_where_no_alarm_of_ours_is_the_schedule_works_alone(
    request: pytest.FixtureRequest, variant: str
) -> None:
    stage = request.getfixturevalue(variant)
    assert not stage.resources("CloudWatch::Alarm", "monitoring")
    assert not stage.resources("Events::Rule", "monitoring")
    assert list(stage.resources("Scheduler::Schedule")) == [
        name for name in stage.resources("Scheduler::Schedule") if name.startswith("Retrain")
    ]
    variables = stage.only("Lambda::Function", "monitoring")["Environment"]["Variables"]
    assert variables["ALARM_NAME"] == ""
    statements = stage.statements("RetrainDecisionRole")
    assert "cloudwatch:DescribeAlarms" not in json.dumps(statements)


def test_without_a_monitor_no_baseline_is_made(aged: Synthesized) -> None:
    assert aged.machine("Deployment")["StartAt"] == "ReadModel"
    assert not aged.resources("Glue::Job", "monitoring")
    assert len(aged.resources("Glue::Job")) == 1
