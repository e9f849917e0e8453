"""Section: what the account must allow before this can be deployed and run."""

from __future__ import annotations

from collections import Counter

from penstock.review.assembly import Assembly
from penstock.review.blocks import Cell, Paragraph, Section, Table
from penstock.review.instances import machines
from penstock.review.values import Values

# type -> what Service Quotas counts, and the service there
_COUNTED = {
    "AWS::KinesisFirehose::DeliveryStream": ("Firehose", "delivery streams"),
    "AWS::S3::Bucket": ("S3", "general purpose buckets"),
    "AWS::IAM::Role": ("IAM", "roles"),
    "AWS::KMS::Key": ("KMS", "customer managed keys"),
    "AWS::Lambda::Function": ("Lambda", "functions, each with its share of concurrent executions"),
    "AWS::Glue::Job": ("Glue", "jobs"),
    "AWS::StepFunctions::StateMachine": ("Step Functions", "state machines"),
    "AWS::DynamoDB::Table": ("DynamoDB", "tables"),
    "AWS::CloudWatch::Alarm": ("CloudWatch", "alarms"),
    "AWS::Scheduler::Schedule": ("EventBridge Scheduler", "schedules"),
    "AWS::Events::Rule": ("EventBridge", "rules"),
    "AWS::SNS::Topic": ("SNS", "topics"),
    "AWS::Logs::LogGroup": ("CloudWatch Logs", "log groups"),
    "AWS::SageMaker::Endpoint": ("SageMaker", "endpoints"),
    "AWS::SageMaker::ModelPackageGroup": ("SageMaker", "model package groups"),
}

_USES = {"endpoint": "endpoint", "notebook": "notebook instance", "tuning": "training job"}


def quotas(assembly: Assembly, values: Values) -> Section:
    """Instances by use first: their quota is often 0 in a new account."""
    wanted: Counter[str] = Counter()
    unsure: set[str] = set()
    for each in machines(assembly, values):
        name = f"{each.type} for {_USES.get(each.use, f'{each.use} job')} usage"
        if each.use == "endpoint":
            wanted[name] += each.count or 1
        else:
            wanted[name] = max(wanted[name], each.count or 1)  # one run at a time
        if each.count is None:
            unsure.add(name)
    rows: list[list[Cell]] = [
        ["SageMaker", name, f"{count} or more" if name in unsure else str(count)]
        for name, count in wanted.items()
    ]
    shards = sum(
        stream.properties.get("ShardCount", 1)
        for stream in assembly.of_type("AWS::Kinesis::Stream")
        if (stream.properties.get("StreamModeDetails") or {}).get("StreamMode") != "ON_DEMAND"
        and isinstance(stream.properties.get("ShardCount", 1), int)
    )
    if shards:
        rows.append(["Kinesis", "shards of provisioned streams", str(shards)])
    kinds = Counter(resource.type for resource in assembly.resources.values())
    rows += [[*_COUNTED[kind], str(count)] for kind, count in kinds.items() if kind in _COUNTED]
    said = (
        "What this assembly alone needs, jobs one at a time. What the account allows and what is "
        "in use there is not in the templates. Quotas are named by what they count; the exact "
        "names in Service Quotas are unconfirmed."
    )
    return Section(
        "quotas", "Quotas", [Paragraph(said), Table(["service", "quota", "needed"], rows)]
    )
