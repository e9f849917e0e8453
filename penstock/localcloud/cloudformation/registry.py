"""All resource types that the local cloud knows, by name."""

from __future__ import annotations

from functools import cache

from penstock.localcloud.cloudformation.resource import Handler
from penstock.localcloud.cloudformation.template import Template
from penstock.localcloud.cloudformation.types import (
    autoscaling,
    budgets,
    cloudwatch,
    dynamodb,
    events,
    firehose,
    functions,
    glue,
    iam,
    kinesis,
    kms,
    logs,
    s3,
    sagemaker,
    sagemaker_monitoring,
    scheduler,
    sns,
    sqs,
    ssm,
    stepfunctions,
)

ALL: tuple[type[Handler], ...] = (
    autoscaling.ScalableTarget,
    autoscaling.ScalingPolicy,
    budgets.Budget,
    cloudwatch.Alarm,
    dynamodb.Table,
    events.Rule,
    firehose.DeliveryStream,
    functions.EventInvokeConfig,
    functions.EventSourceMapping,
    functions.Function,
    functions.Permission,
    glue.Connection,
    glue.Database,
    glue.Job,
    glue.SecurityConfiguration,
    glue.Table,
    iam.ManagedPolicy,
    iam.Policy,
    iam.Role,
    kinesis.Stream,
    kms.Alias,
    kms.Key,
    logs.LogGroup,
    logs.LogStream,
    logs.ResourcePolicy,
    s3.Bucket,
    s3.BucketPolicy,
    sagemaker.Endpoint,
    sagemaker.EndpointConfig,
    sagemaker.Model,
    sagemaker.ModelPackageGroup,
    sagemaker_monitoring.DataQualityJobDefinition,
    sagemaker_monitoring.MonitoringSchedule,
    scheduler.Schedule,
    sns.Subscription,
    sns.Topic,
    sns.TopicPolicy,
    sqs.Queue,
    sqs.QueuePolicy,
    ssm.Parameter,
    stepfunctions.StateMachine,
)

# types without any resource behind them: not deployed, not in the ledger
IGNORED = frozenset({"AWS::CDK::Metadata"})


@cache
def _by_type() -> dict[str, Handler]:
    return {handler.type: handler() for handler in ALL}


def handler_for(type_: str) -> Handler:
    """The handler of a type; KeyError when there is none."""
    return _by_type()[type_]


def known_types() -> frozenset[str]:
    """Every type that can be deployed."""
    return frozenset(_by_type())


def unknown_types(template: Template) -> dict[str, list[str]]:
    """Types of the template without a handler, each with its logical ids."""
    return {
        type_: ids
        for type_, ids in template.types().items()
        if type_ not in _by_type() and type_ not in IGNORED
    }
