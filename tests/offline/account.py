"""Everything that an account holds, by its services' own lists, so that two moments can be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Client = Callable[[str], Any]

# service, operation, arguments, the list of the answer, what tells its items apart
_LISTS: tuple[tuple[str, str, dict[str, Any], str, str], ...] = (
    ("application-autoscaling", "describe_scalable_targets", {"ServiceNamespace": "sagemaker"},
     "ScalableTargets", "ResourceId"),
    ("application-autoscaling", "describe_scaling_policies", {"ServiceNamespace": "sagemaker"},
     "ScalingPolicies", "PolicyName"),
    ("budgets", "describe_budgets", {"AccountId": "123456789012"}, "Budgets", "BudgetName"),
    ("cloudwatch", "describe_alarms", {}, "MetricAlarms", "AlarmName"),
    ("dynamodb", "list_tables", {}, "TableNames", ""),
    ("events", "list_rules", {}, "Rules", "Name"),
    ("firehose", "list_delivery_streams", {}, "DeliveryStreamNames", ""),
    ("glue", "get_connections", {}, "ConnectionList", "Name"),
    ("glue", "get_databases", {}, "DatabaseList", "Name"),
    ("glue", "get_security_configurations", {}, "SecurityConfigurations", "Name"),
    ("glue", "list_jobs", {}, "JobNames", ""),
    ("iam", "list_policies", {"Scope": "Local"}, "Policies", "PolicyName"),
    ("iam", "list_roles", {}, "Roles", "RoleName"),
    ("kinesis", "list_streams", {}, "StreamNames", ""),
    ("kms", "list_aliases", {}, "Aliases", "AliasName"),
    ("lambda", "list_event_source_mappings", {}, "EventSourceMappings", "UUID"),
    ("lambda", "list_functions", {}, "Functions", "FunctionName"),
    ("logs", "describe_log_groups", {}, "logGroups", "logGroupName"),
    ("logs", "describe_resource_policies", {}, "resourcePolicies", "policyName"),
    ("s3", "list_buckets", {}, "Buckets", "Name"),
    ("sagemaker", "list_data_quality_job_definitions", {}, "JobDefinitionSummaries",
     "MonitoringJobDefinitionName"),
    ("sagemaker", "list_endpoint_configs", {}, "EndpointConfigs", "EndpointConfigName"),
    ("sagemaker", "list_endpoints", {}, "Endpoints", "EndpointName"),
    ("sagemaker", "list_model_package_groups", {}, "ModelPackageGroupSummaryList",
     "ModelPackageGroupName"),
    ("sagemaker", "list_models", {}, "Models", "ModelName"),
    ("sagemaker", "list_monitoring_schedules", {}, "MonitoringScheduleSummaries",
     "MonitoringScheduleName"),
    ("scheduler", "list_schedules", {}, "Schedules", "Name"),
    ("sns", "list_subscriptions", {}, "Subscriptions", "SubscriptionArn"),
    ("sns", "list_topics", {}, "Topics", "TopicArn"),
    ("sqs", "list_queues", {}, "QueueUrls", ""),
    ("ssm", "describe_parameters", {}, "Parameters", "Name"),
    ("stepfunctions", "list_state_machines", {}, "stateMachines", "stateMachineArn"),
)  # fmt: skip


def account(client: Client) -> set[str]:
    """`service: name` of every resource; keys of KMS that wait for their deletion are none."""
    found = {
        f"{service} {listed}: {item[key] if key else item}"
        for service, operation, arguments, listed, key in _LISTS
        for item in _all(client(service), operation, arguments, listed)
    }
    kms = client("kms")
    for key in kms.list_keys()["Keys"]:
        state = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"]
        if state != "PendingDeletion":
            found.add(f"kms Keys: {key['KeyId']}")
    return {name for name in found if "alias/aws/" not in name}


def _all(client: Any, operation: str, arguments: dict[str, Any], listed: str) -> list[Any]:
    if not client.can_paginate(operation):
        return list(getattr(client, operation)(**arguments).get(listed, []))
    pages = client.get_paginator(operation).paginate(**arguments)
    return [item for page in pages for item in page.get(listed, [])]
