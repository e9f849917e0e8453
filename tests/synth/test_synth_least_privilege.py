"""Roles: one service each, no wildcard action, every wildcard resource known by name here."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stacks.permission import UnexplainedWildcardError, allow
from tests.synth.reading import as_list, text

# Actions that take no resource (AWS service authorization reference), so that "*" is all there is.
WITHOUT_RESOURCE = {
    "cloudwatch:PutMetricData",
    "ecr:GetAuthorizationToken",
    "glue:GetSecurityConfiguration",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}

# Every other wildcard, as a pattern, with the reason why the resource cannot be named in full.
WILDCARDS = {
    r"arn:.*:logs:.*:log-group:/aws/sagemaker/[^*]+:\*": "SageMaker names the streams",
    r"arn:.*:logs:.*:log-group:/aws-glue/jobs/digits-dev/\*:\*": "Glue names them",
    r"arn:.*:logs:.*:log-group:/aws-glue/jobs/\*digits-dev\*:\*": "Glue names them",
    r"<digits-dev-lake:ExportsOutputFnGetAttLake\w+>/(records|errors|prepared)/\*": "objects",
    r"<digits-dev-lake:ExportsOutputFnGetAttLake\w+>/capture/\*": "objects",
    r"<digits-dev-lake:ExportsOutputFnGetAttLake\w+>/monitor/(reports/)?\*": "objects",
    r"arn:.*:logs:.*:log-group:/aws-glue/jobs/digits-dev-monitor/\*:\*": "Glue names them",
    r"arn:.*:execution:<digits-dev-training:ExportsOutput\w+>:\*": "executions of one machine",
    r"<digits-dev-lake:ExportsOutputFnGetAttLake\w+>/prepared/\*/(holdout|scores)/\*": "objects",
    r"<Artifacts\w+\.Arn>/models/\*": "objects",
    r"arn:.*:sagemaker:.*:(training|transform)-job/digits-dev-\*": "named after run and attempt",
    r"arn:.*:sagemaker:.*:model-package/digits-dev/\*": "versions of the pipeline's group",
    r"arn:.*:sagemaker:.*:(model|endpoint-config)/(digits-dev-|DigitsDev|digitsdev)\*": "generated",
    r"arn:.*:cloudwatch:.*:alarm:\*": "CloudWatch may ask for all, whatever the filter",
    r"arn:.*:cloudformation:.*:stack/digits-dev-serving/\*": "CloudFormation makes the id",
}

SERVICES = {
    "TransformRole": "lambda.amazonaws.com",
    "DeliveryRole": "firehose.amazonaws.com",
    "PrepareRole": "glue.amazonaws.com",
    "TrainingRole": "sagemaker.amazonaws.com",
    "ModelRole": "sagemaker.amazonaws.com",
    "TrainingComparisonScoringRole": "sagemaker.amazonaws.com",
    "TrainingComparisonCompareRole": "lambda.amazonaws.com",
    "TrainingWorkflowRole": "states.amazonaws.com",
    "DeploymentWorkflowRole": "states.amazonaws.com",
    "DeploymentRuleRole": "events.amazonaws.com",
    "ServingUpdateRole": "cloudformation.amazonaws.com",
}

# What comes on top where digits is captured, monitored and trained again.
WATCHING_SERVICES = {
    "MonitorRole": "glue.amazonaws.com",
    "MonitorWorkflowRole": "states.amazonaws.com",
    "MonitorScheduleRole": "scheduler.amazonaws.com",
    "RetrainDecisionRole": "lambda.amazonaws.com",
    "RetrainWorkflowRole": "states.amazonaws.com",
    "RetrainRuleRole": "events.amazonaws.com",
    "RetrainScheduleRole": "scheduler.amazonaws.com",
}
WATCHED_SERVICES = {**SERVICES, **WATCHING_SERVICES}


def actions_on(statements: list[dict[str, Any]], resource: str) -> set[str]:
    """All actions allowed on resources whose text holds a given piece."""
    return {
        action
        for statement in statements
        for item in as_list(statement["Resource"])
        if resource in text(item)
        for action in as_list(statement["Action"])
    }


@pytest.mark.parametrize(
    ("variant", "services"), [("plain", SERVICES), ("watched", WATCHED_SERVICES)]
)
def test_there_is_one_role_for_each_purpose(
    request: pytest.FixtureRequest, variant: str, services: dict[str, str]
) -> None:
    stage = request.getfixturevalue(variant)
    roles = stage.resources("IAM::Role")
    assert len(roles) == len(services)
    for start, service in services.items():
        trust = stage.named("IAM::Role", start)["AssumeRolePolicyDocument"]["Statement"]
        assert [statement["Principal"] for statement in trust] == [{"Service": service}], start


def test_no_policy_hangs_outside_the_roles(watched: Any) -> None:
    assert not watched.resources("IAM::Policy")
    assert not watched.resources("IAM::ManagedPolicy")


@pytest.mark.parametrize("role", WATCHED_SERVICES)
def test_no_action_is_a_wildcard_and_every_wildcard_resource_is_known(
    watched: Any, role: str
) -> None:
    for statement in watched.statements(role):
        assert statement["Effect"] == "Allow"
        actions = as_list(statement["Action"])
        assert not [action for action in actions if "*" in action]
        for resource in map(text, as_list(statement["Resource"])):
            if resource == "*":
                assert set(actions) <= WITHOUT_RESOURCE, actions
            elif "*" in resource:
                assert any(re.fullmatch(known, resource) for known in WILDCARDS), resource


@pytest.mark.parametrize(
    ("role", "folders"),
    [("PrepareRole", ["records", "prepared"]), ("MonitorRole", ["capture", "prepared", "monitor"])],
)
def test_spark_may_read_the_names_of_its_folders(
    watched: Any, role: str, folders: list[str]
) -> None:
    below = [
        re.sub(r"<[^>]*>", "", text(resource))
        for statement in watched.statements(role)
        if "s3:GetObject" in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
        if "Lake" in text(resource)
    ]
    assert sorted(below) == sorted(
        f"/{name}" for folder in folders for name in (folder, f"{folder}/*")
    )


@pytest.mark.parametrize("role", WATCHED_SERVICES)
def test_metrics_are_bounded_by_namespace(watched: Any, role: str) -> None:
    for statement in watched.statements(role):
        if "cloudwatch:PutMetricData" in as_list(statement["Action"]):
            assert "cloudwatch:namespace" in statement["Condition"]["StringLike"]


def test_roles_are_passed_to_one_service_each(watched: Any) -> None:
    passed = {}
    for role in WATCHED_SERVICES:
        for statement in watched.statements(role):
            if "iam:PassRole" in as_list(statement["Action"]):
                assert as_list(statement["Action"]) == ["iam:PassRole"]
                (service,) = statement["Condition"]["StringEquals"].values()
                for resource in as_list(statement["Resource"]):
                    passed[(role, text(resource))] = service
    assert {(role, re.sub(r"[0-9A-F]{8}\.Arn", "", r)): s for (role, r), s in passed.items()} == {
        ("TrainingWorkflowRole", "<TrainingRole>"): "sagemaker.amazonaws.com",
        (
            "TrainingWorkflowRole",
            "<TrainingComparisonScoringRole>",
        ): "sagemaker.amazonaws.com",
        ("DeploymentWorkflowRole", "<ServingUpdateRole>"): "cloudformation.amazonaws.com",
        ("ServingUpdateRole", "<ModelRole>"): "sagemaker.amazonaws.com",
    }


def test_the_training_machine_may_do_all_that_sync_needs(dev: Any) -> None:
    statements = dev.statements("TrainingWorkflowRole")
    assert actions_on(statements, ":job/") == {
        "glue:BatchStopJobRun",
        "glue:GetJobRun",
        "glue:GetJobRuns",
        "glue:StartJobRun",
    }
    assert actions_on(statements, ":training-job/") == {
        "sagemaker:AddTags",
        "sagemaker:CreateTrainingJob",
        "sagemaker:DescribeTrainingJob",
        "sagemaker:ListTags",
        "sagemaker:StopTrainingJob",
    }
    rule = "rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule"
    assert actions_on(statements, rule) == {
        "events:DescribeRule",
        "events:PutRule",
        "events:PutTargets",
    }
    assert actions_on(statements, ":model-package-group/digits-dev") == {
        "sagemaker:CreateModelPackage"
    }


def test_who_registers_a_package_may_read_its_image_and_model_and_write_neither(dev: Any) -> None:
    statements = dev.statements("TrainingWorkflowRole")
    assert actions_on(statements, ":repository/linear-learner") == {
        "ecr:BatchGetImage",
        "ecr:DescribeImages",
    }
    assert actions_on(statements, "/models/*") == {"s3:GetObject"}
    assert actions_on(statements, "ExportsOutputFnGetAttKey") == {
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:GenerateDataKey",  # of the alerts topic
    }


def test_volume_grants_are_on_one_key_and_without_a_condition_that_refuses_them(dev: Any) -> None:
    granting = {
        role
        for role in SERVICES
        for statement in dev.statements(role)
        if "kms:CreateGrant" in as_list(statement["Action"])
    }
    assert granting == {
        "TrainingRole",
        "TrainingComparisonScoringRole",
        "TrainingWorkflowRole",
        "ServingUpdateRole",
    }
    for role in granting:
        (grant,) = (s for s in dev.statements(role) if "kms:CreateGrant" in as_list(s["Action"]))
        assert "Condition" not in grant
        assert "ExportsOutputFnGetAttKey" in text(grant["Resource"])


def test_jobs_may_encrypt_what_they_write(watched: Any) -> None:
    for role in ("PrepareRole", "TrainingRole", "TrainingComparisonScoringRole", "MonitorRole"):
        actions = actions_on(watched.statements(role), "ExportsOutputFnGetAttKey")
        assert {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"} <= actions


@pytest.mark.parametrize("role", WATCHED_SERVICES)
def test_policies_name_log_groups_with_a_star_at_the_end(watched: Any, role: str) -> None:
    """Without it CloudWatch Logs refuses actions on the group itself (LogGroup.arn in its API)."""
    for statement in watched.statements(role):
        actions = set(as_list(statement["Action"]))
        if actions & {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:AssociateKmsKey"}:
            for resource in map(text, as_list(statement["Resource"])):
                # the Arn attribute of a log group has it as well
                assert resource.endswith(":*") or re.fullmatch(r"<\w*Logs\w+\.Arn>", resource)


@pytest.mark.parametrize("job", ["Prepare", "Monitor"])
def test_names_of_glues_encrypted_log_groups_are_within_its_role(watched: Any, job: str) -> None:
    """Such names hold the security configuration's name or the role's."""
    name = watched.named("Glue::SecurityConfiguration", job)["Name"]
    statements = watched.statements(f"{job}Role")
    actions = actions_on(statements, ":log-group:/aws-glue/jobs/*digits-dev*:*")
    assert {"logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:PutLogEvents"} <= actions
    assert "digits-dev" in name


def test_a_model_may_be_made_of_packages_of_the_own_group_only(dev: Any) -> None:
    statements = dev.statements("ServingUpdateRole")
    assert actions_on(statements, ":model-package/digits-dev/*") == {
        "sagemaker:CreateModel",
        "sagemaker:DescribeModelPackage",
    }


def test_the_deployment_machine_updates_one_stack_and_one_parameter(plain: Any) -> None:
    statements = plain.statements("DeploymentWorkflowRole")
    assert actions_on(statements, ":stack/") == {
        "cloudformation:DescribeStacks",
        "cloudformation:SetStackPolicy",
        "cloudformation:UpdateStack",
    }
    assert actions_on(statements, "parameter/penstock/digits/dev/model-package-arn") == {
        "ssm:GetParameter",
        "ssm:GetParameters",
        "ssm:PutParameter",
    }
    assert actions_on(statements, "sagemaker") == set()


def test_the_update_role_has_no_right_on_iam_but_to_pass_the_models_role(dev: Any) -> None:
    services = {
        action.split(":")[0]
        for statement in dev.statements("ServingUpdateRole")
        for action in as_list(statement["Action"])
    }
    assert services == {"sagemaker", "iam", "kms", "ssm"}
    assert actions_on(dev.statements("ServingUpdateRole"), ":endpoint/") == {
        "sagemaker:AddTags",
        "sagemaker:CreateEndpoint",
        "sagemaker:DeleteEndpoint",
        "sagemaker:DeleteTags",
        "sagemaker:DescribeEndpoint",
        "sagemaker:ListTags",
        "sagemaker:UpdateEndpoint",
    }


def test_the_update_role_covers_the_names_that_cloudformation_generates(dev: Any) -> None:
    for kind in ("Model", "EndpointConfig"):
        (logical_id,) = dev.resources(f"SageMaker::{kind}")
        assert logical_id.startswith("DigitsDev")


def test_the_glue_role_reads_records_and_writes_prepared_data_only(dev: Any) -> None:
    statements = dev.statements("PrepareRole")
    assert actions_on(statements, "/records/*") == {"s3:GetObject"}
    assert actions_on(statements, "/prepared/*") == {
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:PutObject",
    }
    assert actions_on(statements, "/errors/*") == set()


def test_the_monitor_job_reads_captures_and_prepared_data_and_writes_monitor_only(
    watched: Any,
) -> None:
    statements = watched.statements("MonitorRole")
    assert actions_on(statements, "/capture/*") == {"s3:GetObject"}
    assert actions_on(statements, "/prepared/*") == {"s3:GetObject"}
    assert actions_on(statements, "/monitor/*") == {
        "s3:AbortMultipartUpload",
        "s3:GetObject",
        "s3:PutObject",
    }
    assert actions_on(statements, "/records/*") == set()
    (listing,) = (s for s in statements if "s3:ListBucket" in as_list(s["Action"]))
    assert set(listing["Condition"]["StringLike"]["s3:prefix"]) == {
        text for prefix in ("capture", "prepared", "monitor") for text in (prefix, f"{prefix}/*")
    }
    (metrics,) = (s for s in statements if "cloudwatch:PutMetricData" in as_list(s["Action"]))
    assert metrics["Condition"]["StringLike"]["cloudwatch:namespace"] == [
        "Glue",
        "aws/sagemaker/Endpoints/data-metrics",
    ]


@pytest.mark.parametrize(
    ("role", "machine"),
    [
        ("MonitorScheduleRole", "<MonitorWorkflowMachine"),
        ("RetrainScheduleRole", "<RetrainWorkflowMachine"),
        ("RetrainRuleRole", "<RetrainWorkflowMachine"),
        ("DeploymentRuleRole", "<DeploymentWorkflowMachine"),
        ("RetrainWorkflowRole", "<digits-dev-training:ExportsOutputRefTrainingWorkflowMachine"),
    ],
)
def test_who_starts_a_machine_may_start_that_one(watched: Any, role: str, machine: str) -> None:
    (resource,) = (
        text(item)
        for statement in watched.statements(role)
        if "states:StartExecution" in as_list(statement["Action"])
        for item in as_list(statement["Resource"])
    )
    assert resource.startswith(machine)


@pytest.mark.parametrize("name", ["monitor", "retrain"])
def test_schedules_of_this_account_alone_may_use_their_roles_and_each_its_own_payload(
    watched: Any, name: str
) -> None:
    role = watched.named("IAM::Role", f"{name.capitalize()}ScheduleRole")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    condition = trust["Condition"]["StringEquals"]
    assert condition["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert text(condition["aws:SourceArn"]).endswith(":<AWS::AccountId>:schedule-group/default")
    (decrypt,) = (
        s
        for s in watched.statements(f"{name.capitalize()}ScheduleRole")
        if "kms:Decrypt" in as_list(s["Action"])
    )
    (context,) = decrypt["Condition"]["StringEquals"].items()
    assert context[0] == "kms:EncryptionContext:aws:scheduler:schedule:arn"
    assert text(context[1]).endswith(f":<AWS::AccountId>:schedule/default/digits-dev-{name}")


def test_the_decision_looks_and_changes_nothing(watched: Any) -> None:
    statements = watched.statements("RetrainDecisionRole")
    machine = "ExportsOutputRefTrainingWorkflowMachine"
    assert actions_on(statements, machine) == {
        "states:DescribeStateMachine",
        "states:ListExecutions",
    }
    assert actions_on(statements, ":execution:") == {"states:DescribeExecution"}
    assert actions_on(statements, ":alarm:*") == {"cloudwatch:DescribeAlarms"}
    assert actions_on(statements, "ExportsOutputFnGetAttLake") == {"s3:ListBucket"}
    (listing,) = (s for s in statements if "s3:ListBucket" in as_list(s["Action"]))
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["records", "records/*"]}}


def test_the_monitor_machine_reads_reports_one_parameter_and_packages_of_its_group(
    watched: Any,
) -> None:
    statements = watched.statements("MonitorWorkflowRole")
    assert actions_on(statements, "/monitor/reports/*") == {"s3:GetObject"}
    assert actions_on(statements, "ExportsOutputFnGetAttLake") == {"s3:GetObject"}
    assert actions_on(statements, "parameter/penstock/digits/dev/model-package-arn") == {
        "ssm:GetParameter"
    }
    for role in ("MonitorWorkflowRole", "DeploymentWorkflowRole"):
        assert actions_on(watched.statements(role), ":model-package/digits-dev/*") == {
            "sagemaker:DescribeModelPackage"
        }
        assert actions_on(watched.statements(role), ":job/") == {
            "glue:BatchStopJobRun",
            "glue:GetJobRun",
            "glue:GetJobRuns",
            "glue:StartJobRun",
        }


def test_training_writes_models_and_hosting_only_reads_them(plain: Any) -> None:
    assert "s3:PutObject" in actions_on(plain.statements("TrainingRole"), "/models/*")
    assert actions_on(plain.statements("ModelRole"), "/models/*") == {"s3:GetObject"}
    assert actions_on(plain.statements("ModelRole"), "digits-dev-lake") == set()


def test_a_served_model_reads_test_rows_and_writes_its_answers_only(dev: Any) -> None:
    statements = dev.statements("TrainingComparisonScoringRole")
    assert actions_on(statements, "/models/*") == {"s3:GetObject"}
    assert actions_on(statements, "/prepared/*/holdout/*") == {"s3:GetObject"}
    assert actions_on(statements, "/prepared/*/scores/*") == {
        "s3:AbortMultipartUpload",
        "s3:PutObject",
    }
    (listing,) = (s for s in statements if s["Action"] == "s3:ListBucket")
    assert listing["Condition"] == {
        "StringLike": {"s3:prefix": ["prepared/*/holdout", "prepared/*/holdout/*"]}
    }
    function = dev.statements("TrainingComparisonCompareRole")
    for prefix in ("holdout", "scores"):
        assert actions_on(function, f"/prepared/*/{prefix}/*") == {"s3:GetObject"}


def test_the_training_machine_scores_a_model_of_the_own_group_under_the_runs_name(
    dev: Any,
) -> None:
    statements = dev.statements("TrainingWorkflowRole")
    assert actions_on(statements, ":model/digits-dev-*") == {
        "sagemaker:CreateModel",
        "sagemaker:DeleteModel",
    }
    assert actions_on(statements, ":transform-job/") == {
        "sagemaker:AddTags",
        "sagemaker:CreateTransformJob",
        "sagemaker:DescribeTransformJob",
        "sagemaker:ListTags",
        "sagemaker:StopTransformJob",
    }
    rule = "rule/StepFunctionsGetEventsForSageMakerTransformJobsRule"
    assert actions_on(statements, rule) == {
        "events:DescribeRule",
        "events:PutRule",
        "events:PutTargets",
    }
    assert actions_on(statements, "parameter/penstock/digits/dev/model-package-arn") == {
        "ssm:GetParameter"
    }
    assert actions_on(statements, "<TrainingComparisonCompareFunction") == {"lambda:InvokeFunction"}


def test_delivery_writes_records_and_errors_and_reads_one_stream(dev: Any) -> None:
    statements = dev.statements("DeliveryRole")
    assert "s3:PutObject" in actions_on(statements, "/records/*")
    assert "s3:PutObject" in actions_on(statements, "/errors/*")
    assert actions_on(statements, "/prepared/*") == set()
    assert "kinesis:GetRecords" in actions_on(statements, "<Stream")
    for version in (".Arn>", ".Arn>:$LATEST"):
        (function,) = {
            resource
            for statement in statements
            for resource in map(text, as_list(statement["Resource"]))
            if resource.startswith("<TransformFunction") and resource.endswith(version)
        }
        assert actions_on(statements, function) == {
            "lambda:GetFunctionConfiguration",
            "lambda:InvokeFunction",
        }


def test_a_wildcard_without_a_reason_cannot_be_written() -> None:
    with pytest.raises(UnexplainedWildcardError, match="a reason belongs to wildcards"):
        allow(["s3:GetObject"], ["arn:aws:s3:::bucket/*"])
    with pytest.raises(UnexplainedWildcardError, match="a reason belongs to wildcards"):
        allow(["s3:GetObject"], ["arn:aws:s3:::bucket/key"], wildcard="none is here")
    with pytest.raises(UnexplainedWildcardError, match="name each action"):
        allow(["s3:Get*"], ["arn:aws:s3:::bucket/key"])


def test_the_permissions_boundary_is_on_every_role(prod: Any, dev: Any) -> None:
    roles = prod.resources("IAM::Role")
    assert len(roles) >= len(SERVICES)
    for name, role in roles.items():
        boundary = text(role["Properties"]["PermissionsBoundary"])
        assert boundary.endswith(":policy/workload-boundary"), name
    for role in dev.resources("IAM::Role").values():
        assert "PermissionsBoundary" not in role["Properties"]
