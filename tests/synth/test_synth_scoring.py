"""Scoring on the stream: the function, its windows, where scores, alerts and failures go."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pipelines.registry import load
from pipelines.spec import Gate, Pipeline, Scoring
from tests.synth.conftest import Synthesized, synthesized
from tests.synth.reading import as_list, text
from tests.synth.series import METERS

ROLES = ("ScoreRole", "DeliveryRole")


def meters(scoring: Scoring | None) -> Pipeline:
    """Meters, scored on the stream in that way."""
    return METERS.model_copy(update={"scoring": scoring})


@pytest.fixture(scope="module")
def scored(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    scoring = Scoring(
        batch_records=500,
        batch_window_seconds=20,
        parallelization=4,
        max_record_age_seconds=7200,
        memory_mb=512,
        timeout_seconds=90,
    )
    return synthesized(context, tmp_path_factory.mktemp("scored"), meters(scoring))


@pytest.fixture(scope="module")
def unscored(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    return synthesized(context, tmp_path_factory.mktemp("unscored"), meters(None))


@pytest.fixture(scope="module")
def never_labelled(
    context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Synthesized:
    """Meters whose points have no label, each of them tried once."""
    schema = METERS.record_schema
    unlabelled = {"label_field": None, "fields": schema.fields[:-1]}
    pipeline = meters(Scoring(retry_attempts=0, alert_at=3)).model_copy(
        update={"record_schema": schema.model_copy(update=unlabelled)}
    )
    return synthesized(context, tmp_path_factory.mktemp("never"), pipeline)


def statements(stage: Synthesized, role: str) -> dict[str, list[str]]:
    """Action to resources of a role of the layer, as text."""
    properties = stage.named("IAM::Role", role, "scoring")
    assert "ManagedPolicyArns" not in properties
    (policy,) = properties["Policies"]
    found: dict[str, list[str]] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        for action in as_list(statement["Action"]):
            found.setdefault(action, []).extend(map(text, as_list(statement["Resource"])))
    return found


def test_without_scoring_nothing_of_it_is_in_any_template(unscored: Synthesized, dev: Any) -> None:
    for stage in (unscored, dev):
        assert "scoring" not in stage.templates
        everything = json.dumps(stage.templates).lower()
        for word in ("dynamodb", "eventsourcemapping", "scores-errors", "train-scores", "figures"):
            assert word not in everything


def test_scoring_changes_no_template_but_its_own_and_what_it_refers_to(
    scored: Synthesized, unscored: Synthesized
) -> None:
    assert set(scored.templates) == {*unscored.templates, "scoring"}
    added = {}
    for layer in unscored.templates:
        before, after = (s.templates[layer]["Resources"] for s in (unscored, scored))
        assert set(before) <= set(after), layer
        added[layer] = {after[name]["Type"] for name in set(after) - set(before)}
    assert {layer: kinds for layer, kinds in added.items() if kinds} == {
        "training": {"AWS::IAM::Role", "AWS::Lambda::Function", "AWS::Logs::LogGroup"}
    }
    assert scored.templates["serving"] == unscored.templates["serving"]


def test_the_function_reads_the_stream_in_order_and_gives_up_late(scored: Synthesized) -> None:
    mapping = dict(scored.only("Lambda::EventSourceMapping"))
    assert "ingestion:ExportsOutput" in text(mapping.pop("EventSourceArn"))
    assert text(mapping.pop("FunctionName")).startswith("<ScoreFunction")
    destination = mapping.pop("DestinationConfig")["OnFailure"]["Destination"]
    assert text(destination).startswith("<DeadLetters")
    assert {tag["Key"] for tag in mapping.pop("Tags")} >= {"pipeline", "environment"}
    assert mapping == {
        "BatchSize": 500,
        "BisectBatchOnFunctionError": True,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumBatchingWindowInSeconds": 20,
        "MaximumRecordAgeInSeconds": 7200,
        "ParallelizationFactor": 4,
        "StartingPosition": "TRIM_HORIZON",
    }


def test_a_number_of_attempts_is_passed_on(never_labelled: Synthesized) -> None:
    assert never_labelled.only("Lambda::EventSourceMapping")["MaximumRetryAttempts"] == 0
    variables = never_labelled.only("Lambda::Function", "scoring")["Environment"]["Variables"]
    assert variables["ALERT_AT"] == "3.0"


def test_the_function_is_told_where_everything_is(scored: Synthesized) -> None:
    function = scored.only("Lambda::Function", "scoring")
    assert (function["MemorySize"], function["Timeout"]) == (512, 90)
    variables = dict(function["Environment"]["Variables"])
    assert json.loads(variables.pop("RECORD_SCHEMA"))["identity_fields"] == ["meter", "at"]
    plain = {name: value for name, value in variables.items() if isinstance(value, str)}
    assert plain == {
        "SERIES_FIELD": "meter",
        "TIME_FIELD": "at",
        "VALUE_FIELD": "flow",
        "WINDOW_POINTS": "8",
        "ENDPOINT_NAME": "digits-dev",
        "MODEL_PARAMETER": "/penstock/digits/dev/model-package-arn",
        "SETTINGS_PREFIX": "scoring/",
        "KEEP_SECONDS": "2678400",  # a day of the stream and thirty
        "ALERT_AT": "",
        "TIMEOUT_SECONDS": "90",
    }
    assert {name: text(variables[name]).split(":")[0] for name in set(variables) - set(plain)} == {
        "ARTIFACTS_BUCKET": "<digits-dev-training",
        "ALERTS_TOPIC_ARN": "<digits-dev-foundation",
        "TABLE_NAME": text(scored.outputs("scoring")["ScoringTableName"]),
        "DELIVERY_STREAM_NAME": text(scored.outputs("scoring")["ScoringDeliveryStreamName"]),
        "DEAD_LETTER_QUEUE_URL": text(scored.outputs("scoring")["ScoringDeadLetterQueueUrl"]),
    }


def test_the_package_holds_the_transforms_rules_as_a_file(scored: Synthesized) -> None:
    packages = {}
    for layer in ("scoring", "ingestion"):
        key = scored.only("Lambda::Function", layer)["Code"]["S3Key"]
        packages[layer] = scored.out / f"asset.{key.removesuffix('.zip')}"
    rules = packages["scoring"] / "transform.py"
    assert not rules.is_symlink()
    assert rules.read_bytes() == (packages["ingestion"] / "handler.py").read_bytes()
    assert {path.suffix for path in packages["scoring"].iterdir()} == {".py"}


def test_windows_are_encrypted_recoverable_and_expire(scored: Synthesized) -> None:
    table = scored.only("DynamoDB::Table")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["KeySchema"] == [{"AttributeName": "series", "KeyType": "HASH"}]
    assert table["SSESpecification"]["SSEType"] == "KMS"
    assert "ExportsOutputFnGetAttKey" in text(table["SSESpecification"]["KMSMasterKeyId"])
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


def test_dead_letters_are_encrypted_kept_and_asked_for_over_tls_only(scored: Synthesized) -> None:
    queue = scored.only("SQS::Queue")
    assert "ExportsOutputFnGetAttKey" in text(queue["KmsMasterKeyId"])
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    (denied,) = scored.only("SQS::QueuePolicy")["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )


def test_scores_go_below_their_own_prefix_as_they_are(scored: Synthesized) -> None:
    delivery = scored.only("KinesisFirehose::DeliveryStream", "scoring")
    assert delivery["DeliveryStreamType"] == "DirectPut"
    encryption = delivery["DeliveryStreamEncryptionConfigurationInput"]
    assert encryption["KeyType"] == "CUSTOMER_MANAGED_CMK"
    destination = delivery["ExtendedS3DestinationConfiguration"]
    assert destination["Prefix"].startswith("scores/year=")
    assert destination["ErrorOutputPrefix"].startswith("scores-errors/!{firehose:error-output-type")
    assert destination["BufferingHints"] == {"IntervalInSeconds": 60, "SizeInMBs": 5}
    assert "DataFormatConversionConfiguration" not in destination
    assert "ProcessingConfiguration" not in destination
    rules = scored.named("S3::Bucket", "Lake")["LifecycleConfiguration"]["Rules"]
    days = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
    assert days["scores-errors/"] == 90
    assert "scores/" not in days


def test_the_function_may_do_this_and_no_more(scored: Synthesized) -> None:
    allowed = statements(scored, "ScoreRole")
    key = [r for r in allowed if r.startswith("kms:")]
    assert sorted(key) == [
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    ]
    starts = {
        "dynamodb:BatchGetItem": "<WindowsTable",
        "dynamodb:PutItem": "<WindowsTable",
        "firehose:PutRecordBatch": "<DeliveryStream",
        "kinesis:DescribeStream": "<digits-dev-ingestion:",
        "kinesis:DescribeStreamSummary": "<digits-dev-ingestion:",
        "kinesis:GetRecords": "<digits-dev-ingestion:",
        "kinesis:GetShardIterator": "<digits-dev-ingestion:",
        "kinesis:ListShards": "<digits-dev-ingestion:",
        "s3:GetObject": "<digits-dev-training:",
        "s3:ListBucket": "<digits-dev-training:",
        "sns:Publish": "<digits-dev-foundation:",
        "sqs:SendMessage": "<DeadLetters",
    }
    for action, start in starts.items():
        (resource,) = allowed[action]
        assert resource.startswith(start), action
    (endpoint,) = allowed["sagemaker:InvokeEndpoint"]
    assert endpoint.endswith(":<AWS::AccountId>:endpoint/digits-dev")
    (packages,) = allowed["sagemaker:DescribeModelPackage"]
    assert packages.endswith(":model-package/digits-dev/*")
    assert allowed["s3:GetObject"][0].endswith("/scoring/*")
    assert allowed["ssm:GetParameter"][0].endswith("/penstock/digits/dev/model-package-arn")
    logs = {"logs:CreateLogStream", "logs:PutLogEvents"}
    named = {"sagemaker:InvokeEndpoint", "sagemaker:DescribeModelPackage", "ssm:GetParameter"}
    assert set(allowed) == {*starts, *named, *key, *logs}


def test_the_delivery_writes_scores_only(scored: Synthesized) -> None:
    allowed = statements(scored, "DeliveryRole")
    prefixes = {resource.split("/", 1)[1] for resource in allowed["s3:PutObject"]}
    assert prefixes == {"scores/*", "scores-errors/*"}
    assert set(allowed) == {
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:AbortMultipartUpload",
        "s3:GetBucketLocation",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
        "s3:PutObject",
    }


@pytest.mark.parametrize("role", ROLES)
def test_a_key_is_the_pipelines_and_no_action_is_a_wildcard(scored: Synthesized, role: str) -> None:
    for action, resources in statements(scored, role).items():
        assert "*" not in action
        assert "*" not in resources
        if action.startswith("kms:"):
            assert all("ExportsOutputFnGetAttKey" in resource for resource in resources)


def test_the_stack_waits_for_no_endpoint(scored: Synthesized) -> None:
    manifest = json.loads((scored.out / f"assembly-{scored.stage}" / "manifest.json").read_text())
    artifacts = manifest["artifacts"]
    names = {key: value.get("properties", {}).get("stackName") for key, value in artifacts.items()}
    (mine,) = (key for key, name in names.items() if name == "digits-dev-scoring")
    needed = {names[key] for key in artifacts[mine]["dependencies"] if names[key]}
    assert needed == {f"digits-dev-{n}" for n in ("foundation", "lake", "ingestion", "training")}


def test_a_new_model_scores_a_part_of_its_training_rows_before_it_is_registered(
    scored: Synthesized,
) -> None:
    states = scored.machine("Training")["States"]
    way = ["NotCompared"]
    while way[-1] != "HasFigures":
        way.append(states[way[-1]]["Next"])
    assert way[1:] == [
        "CreateNewModel",
        "ScoreTrainingRows",
        "KeepFigures",
        "DeleteNewModel",
        "HasFigures",
    ]
    assert states["HasFigures"]["Default"] == "Register"
    assert states["HasFigures"]["Choices"][0]["Next"] == "FiguresMissing"
    for name in ("ScoreTrainingRows", "KeepFigures"):
        (catch,) = states[name]["Catch"]
        assert (catch["Next"], catch["ResultPath"]) == ("DeleteNewModel", "$.failure")
    model = states["CreateNewModel"]["Parameters"]
    assert model["PrimaryContainer"]["ModelDataUrl.$"] == "$.artifact_uri"
    assert model["EnableNetworkIsolation"] is True
    job = states["ScoreTrainingRows"]["Parameters"]
    assert job["ModelName.$"] == model["ModelName.$"]
    assert "/figures'" in job["ModelName.$"]  # not the names of the comparison
    assert "/figures'" in job["TransformJobName.$"]
    source = job["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri.$"]
    assert source == "States.Format('{}train/part-00000', $.prepared_uri)"
    assert (job["TransformInput"]["ContentType"], job["TransformInput"]["SplitType"]) == (
        "application/x-recordio-protobuf",
        "RecordIO",
    )
    payload = states["KeepFigures"]["Parameters"]["Payload"]
    assert payload["scores_uri.$"] == "States.Format('{}train-scores/', $.prepared_uri)"
    assert job["TransformOutput"]["S3OutputPath.$"] == payload["scores_uri.$"]
    assert payload["series_uri.$"] == "States.Format('{}series.json', $.prepared_uri)"
    assert payload["settings_uri.$"].endswith("/scoring/{}/settings.json', $.run)")


def test_recordio_rows_are_split_as_such_and_the_served_model_is_compared_first(
    context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    pipeline = meters(Scoring())
    digits = load()["digits"]
    hyperparameters = {"predictor_type": "binary_classifier"}
    training = digits.training.model_copy(update={"hyperparameters": hyperparameters})
    gate = Gate(metric="test:recall", at_least=0.1)  # answers can tell it
    changed = pipeline.model_copy(update={"training": training, "gate": gate})
    stage = synthesized(context, tmp_path_factory.mktemp("recordio"), changed)
    states = stage.machine("Training")["States"]
    assert states["ScoreTrainingRows"]["Parameters"]["TransformInput"]["SplitType"] == "RecordIO"
    assert states["BeatsServing"]["Choices"][1]["Next"] == "CreateNewModel"
    assert (
        states["ScoreTrainingRows"]["Parameters"]["TransformJobName.$"]
        != states["ScoreServedModel"]["Parameters"]["TransformJobName.$"]
    )


def test_who_writes_the_figures_may_write_them_only(scored: Synthesized) -> None:
    may = {
        role: {
            action: {text(r).rsplit("/", 2)[-2] for r in as_list(statement["Resource"])}
            for statement in scored.statements(role)
            for action in as_list(statement["Action"])
            if action in ("s3:GetObject", "s3:PutObject")
        }
        for role in ("TrainingFiguresScoringRole", "TrainingFiguresKeepRole")
    }
    assert may["TrainingFiguresKeepRole"]["s3:PutObject"] == {"scoring"}
    assert may["TrainingFiguresScoringRole"]["s3:PutObject"] == {"train-scores"}
    assert "train" in may["TrainingFiguresScoringRole"]["s3:GetObject"]


def test_the_training_machine_may_score_and_hand_over_the_models_role(
    scored: Synthesized, unscored: Synthesized
) -> None:
    def allowed(stage: Synthesized) -> set[tuple[str, str]]:
        return {
            (action, re.sub(r"[0-9A-F]{8}\.Arn", "", text(resource).rsplit(":", 1)[-1]))
            for statement in stage.statements("TrainingWorkflowRole")
            for action in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        }

    jobs = ("AddTags", "CreateTransformJob", "DescribeTransformJob", "ListTags", "StopTransformJob")
    rule = "rule/StepFunctionsGetEventsForSageMakerTransformJobsRule"
    assert allowed(scored) - allowed(unscored) == {
        ("iam:PassRole", "<TrainingFiguresScoringRole>"),
        ("lambda:InvokeFunction", "<TrainingFiguresKeepFunction>"),
        ("sagemaker:CreateModel", "model/digits-dev-*"),
        ("sagemaker:DeleteModel", "model/digits-dev-*"),
        *((f"sagemaker:{job}", "transform-job/digits-dev-*") for job in jobs),
        *((f"events:{action}", rule) for action in ("DescribeRule", "PutRule", "PutTargets")),
    }


def test_outputs_are_what_a_reader_needs(scored: Synthesized, never_labelled: Synthesized) -> None:
    outputs = scored.outputs("scoring")
    assert set(outputs) == {
        "ScoresPrefix",
        "ScoringDeadLetterQueueUrl",
        "ScoringDeliveryStreamName",
        "ScoringFunctionName",
        "ScoringLogGroupName",
        "ScoringTableName",
        "SeriesField",
        "TimeField",
        "ValueField",
        "LabelField",
    }
    assert outputs["ScoresPrefix"] == "scores/"
    fields = [outputs[f"{role}Field"] for role in ("Series", "Time", "Value", "Label")]
    assert fields == ["meter", "at", "flow", "odd"]
    assert set(outputs) - set(never_labelled.outputs("scoring")) == {"LabelField"}
    assert "AlertsTopicArn" in scored.outputs("foundation")
