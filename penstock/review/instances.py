"""Which machines the templates ask for: endpoints, jobs of state machines, Glue, functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from penstock.review.assembly import Assembly, Resource, as_list
from penstock.review.blocks import Block, Cell, Paragraph, Section, Table, soft
from penstock.review.given import NO_REASONS, Reasons
from penstock.review.instance_facts import known
from penstock.review.machines import Task, tasks
from penstock.review.values import Values

Use = Literal[
    "endpoint", "training", "spot training", "tuning", "transform", "processing", "notebook"
]

_JOBS: dict[str, tuple[Use, str]] = {
    "createTrainingJob": ("training", "ResourceConfig"),
    "createHyperParameterTuningJob": ("tuning", "TrainingJobDefinition"),
    "createTransformJob": ("transform", "TransformResources"),
    "createProcessingJob": ("processing", "ProcessingResources"),
}


@dataclass(frozen=True)
class Machines:
    """Instances of one type for one use. `count` is None where only the run will tell.

    `is_standing`: nothing ends it, as with endpoints. `hours` is the longest that a job may run;
    None where nothing says so.
    """

    name: str
    use: Use
    type: str
    count: int | None
    is_standing: bool = False
    hours: float | None = None

    @property
    def how_long(self) -> str:
        """In words."""
        if self.is_standing:
            return "always"
        return "unknown" if self.hours is None else f"at most {self.hours:g} h a run"


def machines(assembly: Assembly, values: Values) -> list[Machines]:
    """Every instance type of SageMaker that the templates name, in their order."""
    found: list[Machines] = []
    for resource in assembly.resources.values():
        match resource.type:
            case "AWS::SageMaker::EndpointConfig":
                plain = values.plain(values.stack_of(resource), resource.properties)
                found += _variants(resource.name, plain)
            case "AWS::SageMaker::NotebookInstance":
                chosen = values.text(resource, resource.properties.get("InstanceType", ""))
                found.append(Machines(resource.name, "notebook", chosen, 1, is_standing=True))
            case "AWS::StepFunctions::StateMachine":
                for task in tasks(values, resource):
                    found += _job(resource, task)
    return found


def instances(assembly: Assembly, values: Values, reasons: Reasons = NO_REASONS) -> Section:
    """Instances of SageMaker, then workers of Glue and functions.

    Args:
        assembly: whose machines they are.
        values: of the same assembly.
        reasons: why the types were chosen, which no template says.
    """
    blocks: list[Block] = []
    rows: list[list[Cell]] = [
        [
            each.name,
            each.use,
            each.type,
            "only the run will tell" if each.count is None else str(each.count),
            each.how_long,
            known(each.type, each.use),
            reasons.of(each.use, each.type) or soft("none given"),
        ]
        for each in machines(assembly, values)
    ]
    if rows:
        headings = ["for", "use", "instance type", "instances", "how long", "the type", "why"]
        blocks.append(Table(headings, rows))
        blocks.append(Paragraph(reasons.note, is_soft=True))
    workers = [list(row) for row in _glue(assembly, values)]
    if workers:
        blocks.append(Table(["Glue job", "workers", "version", "at most"], workers))
    functions = [list(row) for row in _functions(assembly, values)]
    if functions:
        headings = ["Lambda function", "memory", "at most", "runtime", "architecture"]
        blocks.append(Table(headings, functions))
    if not blocks:
        blocks.append(Paragraph("The templates ask for no instance, worker or function."))
    return Section("instances", "Instances", blocks)


def _variants(name: str, config: Mapping[str, Any]) -> Iterator[Machines]:
    for variant in as_list(config.get("ProductionVariants")):
        if "InstanceType" in variant:
            variant_name = f"{name} ({variant.get('VariantName', '')})"
            count = variant.get("InitialInstanceCount", 1)
            known = count if isinstance(count, int) else None
            chosen = str(variant["InstanceType"])
            yield Machines(variant_name, "endpoint", chosen, known, is_standing=True)


def _job(machine: Resource, task: Task) -> Iterator[Machines]:
    if task.action == "createEndpointConfig":
        yield from _variants(f"{machine.name} ({task.name})", task.parameters)
    if task.action not in _JOBS:
        return
    use, part = _JOBS[task.action]
    parameters: Mapping[str, Any] = task.parameters
    if use == "tuning":
        parameters = parameters.get(part) or {}
        part = "ResourceConfig"
    if parameters.get("EnableManagedSpotTraining") is True:
        use = "spot training"
    written = parameters.get(part) or {}
    written = written.get("ClusterConfig", written)
    chosen, count = written.get("InstanceType"), written.get("InstanceCount")
    if not isinstance(chosen, str):
        return
    yield Machines(
        f"{machine.name} ({task.name})",
        use,
        chosen,
        count if isinstance(count, int) else None,
        hours=_hours(use, parameters),
    )


def _hours(use: Use, parameters: Mapping[str, Any]) -> float | None:
    """botocore 1.44.5 sagemaker model, MaxRuntimeInSeconds: one day where nothing is said."""
    if use == "transform":
        return None  # it has no stopping condition
    seconds = (parameters.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds", 24 * 3600)
    return seconds / 3600 if isinstance(seconds, int) else None


def _glue(assembly: Assembly, values: Values) -> Iterator[list[Cell]]:
    for job in assembly.of_type("AWS::Glue::Job"):
        properties = job.properties
        # where nothing is said, by version: botocore 1.44.5 glue model, Timeout
        count = values.text(
            job, properties.get("NumberOfWorkers", properties.get("MaxCapacity", ""))
        )
        minutes = properties.get(
            "Timeout", "480 or 2,880"
        )  # botocore 1.44.5 glue model, by version
        yield [
            job.name,
            f"{count} {values.text(job, properties.get('WorkerType', ''))}".strip(),
            values.text(job, properties.get("GlueVersion", "")),
            f"{values.text(job, minutes)} min a run",
        ]


def _functions(assembly: Assembly, values: Values) -> Iterator[list[Cell]]:
    for function in assembly.of_type("AWS::Lambda::Function"):
        properties = function.properties
        architectures = as_list(properties.get("Architectures")) or ["x86_64"]
        yield [
            function.name,
            f"{values.text(function, properties.get('MemorySize', 128))} MB",
            f"{values.text(function, properties.get('Timeout', 3))} s",
            values.text(function, properties.get("Runtime", properties.get("PackageType", ""))),
            ", ".join(values.text(function, each) for each in architectures),
        ]
