"""Section: settings of the templates beside the bounds that AWS refuses to cross."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from penstock.catalog.facts import in_words
from penstock.catalog.limits import Limit, limit
from penstock.html.wording import counted
from penstock.review.assembly import Assembly, Resource, as_list
from penstock.review.blocks import Block, Cell, Folded, Paragraph, Section, Table, Word, alert
from penstock.review.machines import tasks
from penstock.review.values import Values


@dataclass(frozen=True)
class Setting:
    """A number of a template and its bounds."""

    name: str
    what: str
    value: float
    limit: Limit

    @property
    def is_at_edge(self) -> bool:
        """Whether it cannot grow any more."""
        return self.value == self.limit.maximum


def settings(assembly: Assembly, values: Values) -> list[Setting]:
    """Every number of the templates that the catalog has bounds for, in their order."""
    return [
        Setting(name, what, float(value), limit(fact))
        for resource in assembly.resources.values()
        for name, what, value, fact in _of(values, resource)
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]


def limits(assembly: Assembly, values: Values) -> Section:
    """What is outside of its bounds or at their edge; the rest folded."""
    found = settings(assembly, values)
    outside = [each for each in found if not each.limit.allows(each.value)]
    edge = [each for each in found if each not in outside and each.is_at_edge]
    inside = [each for each in found if each not in outside and each not in edge]
    said = (
        f"{counted(len(found), 'setting')} with known bounds: "
        f"{len(outside) or 'none'} outside of them, {len(edge) or 'none'} at the upper edge."
    )
    blocks: list[Block] = [Paragraph(said)]
    if outside or edge:
        blocks.append(_table([*outside, *edge]))
    if inside:
        blocks.append(Folded(f"{counted(len(inside), 'setting')} inside", [_table(inside)]))
    return Section("limits", "Limits", blocks)


def _table(found: list[Setting]) -> Table:
    rows: list[list[Cell]] = []
    for each in found:
        value = in_words(each.value)
        shown: str | Word = value
        if not each.limit.allows(each.value):
            shown = alert(f"{value}: refused")
        elif each.is_at_edge:
            shown = alert(value)
        doubts = "".join(f"; unconfirmed: {doubt}" for doubt in each.limit.unconfirmed)
        source = f"{each.limit.citation} ({each.limit.date}){doubts}"
        rows.append([each.name, each.what, shown, each.limit.bounds, source])
    return Table(["resource", "setting", "value", "bounds", "source"], rows)


_Found = tuple[str, str, Any, str]


def _of(values: Values, resource: Resource) -> Iterator[_Found]:
    properties = resource.properties
    name = resource.name
    match resource.type:
        case "AWS::Kinesis::Stream":
            yield (
                name,
                "retention",
                properties.get("RetentionPeriodHours"),
                "kinesis.retention_hours",
            )
            yield name, "shards", properties.get("ShardCount"), "kinesis.shards"
        case "AWS::KinesisFirehose::DeliveryStream":
            for destination in ("ExtendedS3DestinationConfiguration", "S3DestinationConfiguration"):
                if destination in properties:
                    yield from _firehose(name, properties[destination])
        case "AWS::Lambda::Function":
            yield name, "memory", properties.get("MemorySize"), "lambda.memory_mb"
            yield name, "timeout", properties.get("Timeout"), "lambda.timeout_seconds"
        case "AWS::Lambda::EventSourceMapping":
            for key, fact in (
                ("BatchSize", "lambda.stream_batch_records"),
                ("MaximumBatchingWindowInSeconds", "lambda.stream_window_seconds"),
                ("ParallelizationFactor", "lambda.stream_parallelization"),
            ):
                yield name, key, properties.get(key), fact
            for key, fact in (
                ("MaximumRetryAttempts", "lambda.stream_retry_attempts"),
                ("MaximumRecordAgeInSeconds", "lambda.stream_record_age_seconds"),
            ):
                if properties.get(key) != -1:  # without end
                    yield name, key, properties.get(key), fact
        case "AWS::Glue::Job":
            if properties.get("WorkerType") == "G.1X":
                yield name, "workers", properties.get("NumberOfWorkers"), "glue.workers"
            yield name, "timeout", properties.get("Timeout"), "glue.timeout_minutes"
        case "AWS::Logs::LogGroup":
            yield name, "retention", properties.get("RetentionInDays"), "logs.retention_days"
        case "AWS::SageMaker::EndpointConfig":
            for variant in as_list(properties.get("ProductionVariants")):
                count = variant.get("InitialInstanceCount")
                yield name, "instances", count, "sagemaker.hosting_instances"
        case "AWS::StepFunctions::StateMachine":
            for task in tasks(values, resource):
                if task.action == "createTrainingJob":
                    yield from _training(f"{name} ({task.name})", task.parameters)
        case _:
            return


def _firehose(name: str, destination: Any) -> Iterator[_Found]:
    hints = destination.get("BufferingHints") or {}
    converts = (destination.get("DataFormatConversionConfiguration") or {}).get("Enabled") is True
    fact = "firehose.parquet_buffer_mb" if converts else "firehose.buffer_mb"
    yield name, "buffer", hints.get("SizeInMBs"), fact
    yield name, "buffer's time", hints.get("IntervalInSeconds"), "firehose.buffer_seconds"
    facts = {
        "BufferSizeInMBs": ("transform's buffer", "firehose.transform_buffer_mb"),
        "BufferIntervalInSeconds": (
            "transform's buffer's time",
            "firehose.transform_buffer_seconds",
        ),
    }
    processing = destination.get("ProcessingConfiguration") or {}
    for processor in as_list(processing.get("Processors")):
        for parameter in as_list(processor.get("Parameters")):
            key, value = parameter.get("ParameterName"), parameter.get("ParameterValue")
            if key in facts and isinstance(value, str) and value.replace(".", "", 1).isdigit():
                yield name, facts[key][0], float(value), facts[key][1]


def _training(name: str, parameters: Any) -> Iterator[_Found]:
    resources = parameters.get("ResourceConfig") or {}
    yield name, "instances", resources.get("InstanceCount"), "sagemaker.training_instances"
    yield name, "volume", resources.get("VolumeSizeInGB"), "sagemaker.volume_gb"
    seconds = (parameters.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds")
    if isinstance(seconds, int):
        yield name, "longest run", seconds / 60, "sagemaker.max_runtime_minutes"
    given = parameters.get("HyperParameters")
    if isinstance(given, dict):
        yield name, "hyperparameters", len(given), "sagemaker.hyperparameters"
    channels = parameters.get("InputDataConfig")
    if isinstance(channels, list):
        yield name, "channels", len(channels), "sagemaker.channels"
