"""The request mappings by botocore's name of the service."""

from __future__ import annotations

from collections.abc import Callable

from penstock.localcloud.authorization.call import Access, Call, NotDerivedError
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests import (
    cloudformation,
    cloudwatch,
    dynamodb,
    events,
    firehose,
    glue,
    iam,
    kinesis,
    kms,
    lambda_,
    logs,
    others,
    s3,
    sagemaker,
    scheduler,
    sns,
    sqs,
    ssm,
    states,
    sts,
)
from penstock.localcloud.authorization.requests.roles import passed_roles

Mapping = Callable[[Call, Lookups], list[Access]]

BY_SERVICE: dict[str, Mapping] = {
    "application-autoscaling": others.accesses,
    "athena": others.accesses,
    "budgets": others.budgets,
    "cloudformation": cloudformation.accesses,
    "cloudwatch": cloudwatch.accesses,
    "dynamodb": dynamodb.accesses,
    "ecr": others.accesses,
    "events": events.accesses,
    "firehose": firehose.accesses,
    "glue": glue.accesses,
    "iam": iam.accesses,
    "kinesis": kinesis.accesses,
    "kms": kms.accesses,
    "lambda": lambda_.accesses,
    "logs": logs.accesses,
    "resourcegroupstaggingapi": others.accesses,
    "s3": s3.accesses,
    "sagemaker": sagemaker.accesses,
    "sagemaker-metrics": sagemaker.accesses,
    "sagemaker-runtime": sagemaker.accesses,
    "scheduler": scheduler.accesses,
    "secretsmanager": others.accesses,
    "sns": sns.accesses,
    "sqs": sqs.accesses,
    "ssm": ssm.accesses,
    "stepfunctions": states.accesses,
    "sts": sts.accesses,
}


def needed(call: Call, lookups: Lookups) -> list[Access]:
    """Everything that the call needs, PassRole included. NotDerivedError if that is not known."""
    if call.service not in BY_SERVICE:
        raise NotDerivedError(f"the local cloud knows no actions of {call.service}")
    return [*BY_SERVICE[call.service](call, lookups), *passed_roles(call, lookups)]
