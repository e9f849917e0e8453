"""All readers, by the type that they read."""

from __future__ import annotations

from functools import cache

from penstock.localcloud.roundtrip.reader import Reader
from penstock.localcloud.roundtrip.readers import (
    autoscaling,
    budgets,
    cloudwatch,
    dynamodb,
    events,
    functions,
    glue,
    iam,
    kinesis,
    kms,
    logs,
    s3,
    sagemaker,
    sns,
    sqs,
    ssm,
    stepfunctions,
)

ALL: tuple[type[Reader], ...] = (
    autoscaling.ScalableTarget,
    autoscaling.ScalingPolicy,
    budgets.Budget,
    cloudwatch.Alarm,
    dynamodb.Table,
    events.Rule,
    events.Schedule,
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
    kinesis.DeliveryStream,
    kinesis.Stream,
    kms.Alias,
    kms.Key,
    logs.LogGroup,
    logs.LogStream,
    logs.ResourcePolicy,
    s3.Bucket,
    s3.BucketPolicy,
    sagemaker.DataQualityJobDefinition,
    sagemaker.Endpoint,
    sagemaker.EndpointConfig,
    sagemaker.Model,
    sagemaker.ModelPackageGroup,
    sagemaker.MonitoringSchedule,
    sns.Subscription,
    sns.Topic,
    sns.TopicPolicy,
    sqs.Queue,
    sqs.QueuePolicy,
    ssm.Parameter,
    stepfunctions.StateMachine,
)


@cache
def readers() -> dict[str, Reader]:
    """Every reader by its type."""
    return {reader.type: reader() for reader in ALL}
