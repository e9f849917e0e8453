"""Every resource type: created, changed in place and deleted through the services' own APIs."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.localcloud.cloudformation.registry import known_types
from penstock.localcloud.roundtrip.comparison import Verdict
from penstock.localcloud.roundtrip.stacks import read_back
from tests.offline.cloudformation_lab import CloudFormationLab
from tests.offline.cloudformation_zoo import zoo

ROLE = "arn:aws:iam::123456789012:role/worker"

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("cloudformation")]


@pytest.fixture
def lab(stacks_lab: CloudFormationLab) -> CloudFormationLab:
    return stacks_lab


def test_zoo_holds_every_type() -> None:
    assert {r["Type"] for r in zoo(1)["Resources"].values()} == known_types()


def test_every_type_is_created_changed_and_deleted(lab: CloudFormationLab) -> None:
    client = lab.cloud.client

    assert lab.create(zoo(1))["StackStatus"] == "CREATE_COMPLETE", lab.failures()
    made = lab.physical()
    assert len(lab.cloud.context.ledger.entries()) == len(known_types()) == len(made)
    check(client, made, "first")

    assert lab.update(zoo(2))["StackStatus"] == "UPDATE_COMPLETE", lab.failures()
    assert lab.failures() == []
    changed = lab.physical()
    # SageMaker's models, endpoint configurations and job definitions cannot change
    replaced = {name for name in made if made[name] != changed[name]}
    assert replaced == {"Model", "EndpointConfig", "QualityDefinition"}
    check(client, changed, "second")

    stack = lab.delete()
    assert stack["StackStatus"] == "DELETE_COMPLETE", lab.failures(stack["StackId"])
    assert lab.cloud.context.ledger.entries() == []
    assert client("s3").list_buckets()["Buckets"] == []
    assert client("dynamodb").list_tables()["TableNames"] == []
    assert client("glue").list_jobs()["JobNames"] == []
    assert client("glue").get_connections()["ConnectionList"] == []
    assert client("sagemaker").list_models()["Models"] == []
    listed = client("sagemaker").list_data_quality_job_definitions()
    assert listed["JobDefinitionSummaries"] == []
    assert client("sagemaker").list_monitoring_schedules()["MonitoringScheduleSummaries"] == []


def check(client: Any, ids: dict[str, str], word: str) -> None:
    """What the services themselves say of the zoo's resources."""
    second = word == "second"
    assert client("kms").describe_key(KeyId=ids["Key"])["KeyMetadata"]["Description"] == word
    account = "123456789012"
    budget = client("budgets").describe_budget(AccountId=account, BudgetName=ids["Budget"])
    assert float(budget["Budget"]["BudgetLimit"]["Amount"]) == (2 if second else 1)
    rotation = client("kms").get_key_rotation_status(KeyId=ids["Key"])
    assert rotation["KeyRotationEnabled"] is not second
    inline = client("iam").list_role_policies(RoleName=ids["Role"])["PolicyNames"]
    assert sorted(inline) == sorted(["inline", word])
    attached = client("iam").list_attached_role_policies(RoleName=ids["Role"])["AttachedPolicies"]
    assert len(attached) == 2
    stream = client("kinesis").describe_stream_summary(StreamName=ids["Stream"])
    summary = stream["StreamDescriptionSummary"]
    assert summary["RetentionPeriodHours"] == (48 if second else 24)
    assert summary["EncryptionType"] == "KMS"
    dynamodb = client("dynamodb")
    expiry = dynamodb.describe_time_to_live(TableName=ids["Windows"])["TimeToLiveDescription"]
    assert expiry["TimeToLiveStatus"] == ("DISABLED" if second else "ENABLED")
    backups = dynamodb.describe_continuous_backups(TableName=ids["Windows"])
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == ("DISABLED" if second else "ENABLED")
    made = dynamodb.describe_table(TableName=ids["Windows"])["Table"]
    assert made["SSEDescription"]["SSEType"] == "KMS"
    tags = dynamodb.list_tags_of_resource(ResourceArn=made["TableArn"])["Tags"]
    assert {"Key": "version", "Value": word} in tags
    (group,) = client("logs").describe_log_groups(logGroupNamePrefix=ids["Logs"])["logGroups"]
    assert group["retentionInDays"] == (30 if second else 7)
    function = client("lambda").get_function_configuration(FunctionName=ids["Function"])
    assert function["Timeout"] == (9 if second else 3)
    assert function["Environment"]["Variables"] == {"WORD": word}
    invoke_config = client("lambda").list_function_event_invoke_configs(
        FunctionName=ids["Function"]
    )["FunctionEventInvokeConfigs"][-1]
    assert invoke_config["MaximumRetryAttempts"] == (0 if second else 1)
    assert client("ssm").get_parameter(Name="/zoo/word")["Parameter"]["Value"] == word
    table = client("glue").get_table(DatabaseName="zoo", Name="animals")["Table"]
    assert table["StorageDescriptor"]["Columns"][0]["Type"] == ("int" if second else "bigint")
    connection = client("glue").get_connection(Name=ids["Connection"])["Connection"]
    assert (connection["ConnectionType"], connection["Description"]) == ("NETWORK", word)
    assert connection["PhysicalConnectionRequirements"]["AvailabilityZone"] == "us-east-1a"
    arn = f"arn:aws:glue:us-east-1:{account}:connection/{ids['Connection']}"
    tags = client("glue").get_tags(ResourceArn=arn)["Tags"]
    assert [key for key in tags if key in ("first", "second")] == [word]
    job = client("glue").get_job(JobName=ids["Job"])["Job"]
    assert job["Connections"] == {"Connections": [ids["Connection"]]}
    assert job["DefaultArguments"] == {"--word": word}
    assert job["NumberOfWorkers"] == (3 if second else 2)
    delivery = client("firehose").describe_delivery_stream(DeliveryStreamName=ids["Delivery"])
    destination = delivery["DeliveryStreamDescription"]["Destinations"][0]
    settings = destination["ExtendedS3DestinationDescription"]
    assert settings["Prefix"] == f"{word}/"
    assert settings["BufferingHints"] == {"IntervalInSeconds": 60, "SizeInMBs": 64}
    assert settings["ProcessingConfiguration"]["Processors"][0]["Type"] == "Lambda"
    assert settings["DataFormatConversionConfiguration"]["Enabled"] is True
    machine = client("stepfunctions").describe_state_machine(stateMachineArn=ids["Machine"])
    assert f'"{word}"' in machine["definition"]
    assert machine["loggingConfiguration"]["level"] == "ALL"
    targets = client("events").list_targets_by_rule(Rule=ids["Rule"])["Targets"]
    assert [target["Id"] for target in targets] == [word]
    schedule = client("scheduler").get_schedule(Name=ids["Schedule"])
    assert schedule["ScheduleExpression"] == ("rate(2 hours)" if second else "rate(1 hour)")
    endpoint = client("sagemaker").describe_endpoint(EndpointName="zoo")
    assert ids["EndpointConfig"].endswith(f"/{endpoint['EndpointConfigName']}")
    model = client("sagemaker").describe_model(ModelName=ids["Model"].rsplit("/", 1)[1])
    assert model["PrimaryContainer"]["ModelDataUrl"] == f"s3://b/{word}.tar.gz"
    schedules = client("sagemaker").list_monitoring_schedules(EndpointName="zoo")
    (watching,) = schedules["MonitoringScheduleSummaries"]
    definition = client("sagemaker").describe_data_quality_job_definition(
        JobDefinitionName=watching["MonitoringJobDefinitionName"]
    )
    assert definition["JobDefinitionArn"] == ids["QualityDefinition"]
    (output,) = definition["DataQualityJobOutputConfig"]["MonitoringOutputs"]
    assert output["S3Output"]["S3Uri"] == f"s3://zoo/{word}"
    quality = client("sagemaker").describe_monitoring_schedule(MonitoringScheduleName="zoo")
    assert quality["MonitoringScheduleArn"] == ids["QualitySchedule"]
    timing = quality["MonitoringScheduleConfig"]["ScheduleConfig"]
    assert timing["ScheduleExpression"] == (
        "cron(0 0/2 ? * * *)" if second else "cron(0 * ? * * *)"
    )
    tags = client("sagemaker").list_tags(ResourceArn=ids["QualitySchedule"])["Tags"]
    assert {"Key": "version", "Value": word} in tags
    (alarm,) = client("cloudwatch").describe_alarms(AlarmNames=[ids["Alarm"]])["MetricAlarms"]
    assert alarm["Threshold"] == (5 if second else 3)
    queue = client("sqs").get_queue_attributes(QueueUrl=ids["Queue"], AttributeNames=["All"])
    assert queue["Attributes"]["VisibilityTimeout"] == ("60" if second else "30")
    topic = client("sns").get_topic_attributes(TopicArn=ids["Topic"])["Attributes"]
    assert topic["DisplayName"] == word
    assert f'"{word}"' in topic["Policy"]


def test_every_instance_type_of_the_api_comes_back(lab: CloudFormationLab) -> None:
    model = lab.cloud.client("sagemaker").meta.service_model
    types = list(model.shape_for("ProductionVariantInstanceType").enum)
    assert len(types) > 150
    groups = [types[start : start + 10] for start in range(0, len(types), 10)]
    resources: dict[str, Any] = {
        "Model": {
            "Type": "AWS::SageMaker::Model",
            "Properties": {"PrimaryContainer": {"Image": "image"}, "ExecutionRoleArn": ROLE},
        }
    }
    for number, group in enumerate(groups):
        resources[f"Config{number}"] = {
            "Type": "AWS::SageMaker::EndpointConfig",
            "Properties": {
                "ProductionVariants": [
                    {
                        "VariantName": f"v{place}",
                        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
                        "InitialInstanceCount": 1,
                        "InitialVariantWeight": 1,
                        "InstanceType": name,
                    }
                    for place, name in enumerate(group)
                ]
            },
        }
    assert lab.create({"Resources": resources})["StackStatus"] == "CREATE_COMPLETE", lab.failures()
    results = {result.resource: result for result in read_back(lab.cloud.context, ["s"])}
    for number, group in enumerate(groups):
        found = [
            one
            for one in results[f"s/Config{number}"].properties
            if one.path == "ProductionVariants[].InstanceType"
        ]
        assert [one.there for one in found] == group
        assert {one.verdict for one in found} == {Verdict.EQUAL}
