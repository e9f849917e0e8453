"""A reference pipeline: one typed description from the stream to the endpoint."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import Field as Described
from pydantic import model_validator

from penstock.advisor import Hosting as HostingNeed
from penstock.catalog import instances
from pipelines.spec.base import Spec, advice, matching, refusal
from pipelines.spec.compilation import Compilation
from pipelines.spec.compilation_checks import check_compilation
from pipelines.spec.delivery import Delivery
from pipelines.spec.gate import Gate
from pipelines.spec.gate_checks import check_gate
from pipelines.spec.instances import AUTO
from pipelines.spec.monitor import Monitor
from pipelines.spec.prepare import TEXT_JOB, Prepare
from pipelines.spec.retrain import Retrain
from pipelines.spec.sample import Sample
from pipelines.spec.schema import RecordSchema
from pipelines.spec.scoring import Scoring
from pipelines.spec.scoring_checks import check_scoring
from pipelines.spec.script_training import ScriptTraining
from pipelines.spec.serving import Serving
from pipelines.spec.stream import Stream
from pipelines.spec.training import Training

# 18 + 1 + 8 (environment) + 1 + 32 (a run's MD5) + 1 + 1 (attempt) = 62 of 63 characters.
_NAME = re.compile(r"[a-z](-?[a-z0-9]){0,17}")

PipelineName = Annotated[
    str,
    matching(
        "1 to 18 lower-case letters, digits and single dashes, beginning with a letter "
        "(a training job's name holds it, the environment and a run id in 63 characters)",
        lambda value: _NAME.fullmatch(value) is not None and len(value) <= 18,
        "botocore 1.44.5 sagemaker model, TrainingJobName",
    ),
]


class Pipeline(Spec):
    """What a pipeline is; the stacks say how AWS does it.

    `sample` gives the records of a run that is given none.
    """

    name: PipelineName
    description: Annotated[str, Described(min_length=1, max_length=200)]
    sample: Annotated[Callable[[], Sample], Described(exclude=True, repr=False)]
    record_schema: RecordSchema
    stream: Stream = Stream()
    delivery: Delivery = Delivery()
    prepare: Prepare
    training: Training | ScriptTraining
    compilation: Compilation | None = None
    gate: Gate
    serving: Serving
    scoring: Scoring | None = None
    monitor: Monitor | None = None
    retrain: Retrain | None = None

    @property
    def row_columns(self) -> tuple[str, ...]:
        """The features of one row of the training data, and of one request, in order.

        Those of a record; in windows of a time series those of its points, the oldest first,
        each with the point's number (`value_0` to `value_7`), or of the last point alone
        (`value_deviation`).
        """
        columns = self.record_schema.feature_columns
        if self.prepare.row == "deviation":
            return tuple(f"{column}_deviation" for column in columns)
        points = self.prepare.window_points
        if points == 1:
            return columns
        return tuple(f"{column}_{point}" for point in range(points) for column in columns)

    @property
    def row_tokens(self) -> int | None:
        """The token ids of one row of the training data; None where its rows are no texts."""
        tokens = self.prepare.arguments.get("max_tokens")
        return None if tokens is None else int(tokens)

    @property
    def serving_need(self) -> HostingNeed:
        """What the endpoint's machines must have, for the advisor."""
        return self.training.hosting_need.model_copy(
            update={
                "transform": self.gate.beats_serving or self.scoring is not None,
                "volume_key": self.serving.needs_volume_key,
            }
        )

    @property
    def comparison_instance_type(self) -> str:
        """Where the served model answers the test rows of a new one, in a batch transform."""
        if self.compilation is not None:
            return self.compilation.comparison_instance_type
        return self.serving.instance_type

    @property
    def warnings(self) -> tuple[str, ...]:
        """What AWS would take, and is not wise or not known to work; one line each, like refusals:

        the field, its value, the rule, its source, the remedy.
        """
        facts, machine = self.training.facts, instances.instance_type(self.serving.instance_type)
        lines = [f"training.{line}" for line in self.training.warnings]
        if machine.accelerator is None and facts.cpu_hosting is None:
            lines.append(
                advice(
                    machine.name,
                    place="serving.instance_type",
                    rule=f"whether {self.training.program} answers on a CPU type is unconfirmed",
                    source=facts.citation,
                    remedy=f"use one of {', '.join(facts.accelerated_families)}, or try it",
                )
            )
        return tuple(f"{self.name}: {line}" for line in lines)

    @model_validator(mode="after")
    def _choose_serving_machine(self) -> Pipeline:
        if self.serving.instance_type == AUTO:
            # what is frozen is set once, here, before anybody sees it
            object.__setattr__(self, "serving", self.serving.with_instance_for(self.serving_need))
        return self

    @model_validator(mode="after")
    def _check_compilation(self) -> Pipeline:
        check_compilation(self)
        return self

    @model_validator(mode="after")
    def _check_windows(self) -> Pipeline:
        points = self.prepare.window_points
        if points > 1 and self.record_schema.series_field is None:
            raise refusal(
                points,
                rule="prepare.window_points: only the points of a time series have an order",
                source="pipelines.spec.Prepare",
                remedy="give record_schema.series_field and time_field, or use 1",
            )
        return self

    @model_validator(mode="after")
    def _check_text(self) -> Pipeline:
        schema, script = self.record_schema, self.prepare.script
        reads_text = self.prepare.reads_text
        if reads_text:
            for role in ("text_field", "id_field", "label_field"):
                if getattr(schema, role) is None:
                    raise refusal(
                        None,
                        rule=f"record_schema.{role}: {script} reads texts that have a name and "
                        "a class",
                        source="pipelines.spec.Prepare",
                        remedy="name the field, or use another prepare.script",
                    )
        if reads_text is False and schema.text_field is not None:
            raise refusal(
                script,
                rule=f"prepare.script: it reads numbers alone, and {schema.text_field} is text",
                source="pipelines.spec.Prepare",
                remedy=f"use {TEXT_JOB}, or a script of your own",
            )
        return self

    @model_validator(mode="after")
    def _check_partition_key(self) -> Pipeline:
        name = self.stream.partition_key_field
        keys = [field.name for field in self.record_schema.fields if field.type == "string"]
        if name is not None and name not in keys:
            raise refusal(
                name,
                rule="stream.partition_key_field: it must be a field of text",
                source="Kinesis API reference, PutRecords, PartitionKey",
                remedy=f"use one of {', '.join(keys)}",
            )
        return self

    @model_validator(mode="after")
    def _check_scoring(self) -> Pipeline:
        check_scoring(self)
        return self

    @model_validator(mode="after")
    def _check_content_type(self) -> Pipeline:
        written, read = self.prepare.content_type, self.training.content_type
        if written is not None and read != written:
            raise refusal(
                read,
                rule=f"training.content_type: {self.prepare.script} writes {written}",
                source="pipelines.spec.Prepare",
                remedy=f"use {written}, or a script of your own that writes {read}",
            )
        return self

    @model_validator(mode="after")
    def _check_gate(self) -> Pipeline:
        check_gate(self)
        return self

    @model_validator(mode="after")
    def _check_record_fits_training(self) -> Pipeline:
        facts, given = self.training.facts, self.training.hyperparameters
        expected = {"feature_dim": len(self.row_columns)}
        if self.record_schema.classes is not None:
            expected["num_classes"] = self.record_schema.classes
        for name, value in expected.items():
            setting = given.get(name, "auto")
            if name in facts.hyperparameters and setting not in ("auto", str(value)):
                raise refusal(
                    setting,
                    rule=f"training.hyperparameters.{name}: the record schema says {value}",
                    source=facts.citation,
                    remedy=f'use "{value}", or change the record',
                )
        return self

    @model_validator(mode="after")
    def _check_monitor_sees_something(self) -> Pipeline:
        if self.monitor is None:
            return self
        capture, what = self.serving.capture, self.monitor.of
        needed = "Input" if what == "requests" else "Output"
        if capture is None or needed not in capture.modes:
            raise refusal(
                "monitor",
                rule=f"a monitor reads the {what} that data capture keeps, and none are kept",
                source="SageMaker developer guide, Model Monitor data capture",
                remedy=f"give serving.capture, with '{needed}' among its modes",
            )
        return self

    @model_validator(mode="after")
    def _check_retrain_has_a_cause(self) -> Pipeline:
        alarm = self.monitor is not None and self.monitor.engine == "penstock"
        if self.retrain is not None and self.retrain.every_days is None and not alarm:
            raise refusal(
                None,
                rule="retrain.every_days: without an age and without an alarm nothing would ever "
                "ask for a training",
                source="pipelines.spec.Retrain",
                remedy="give every_days, or a monitor of engine 'penstock'",
            )
        return self

    @model_validator(mode="after")
    def _check_serving_machine(self) -> Pipeline:
        self._check_hosting(self.serving.instance_type, place="serving.instance_type")
        for number, other in enumerate(self.serving.others):
            self._check_hosting(other.instance_type, place=f"serving.others.{number}.instance_type")
        machine = instances.instance_type(self.comparison_instance_type)
        if self.gate.beats_serving and not machine.transform:
            raise refusal(
                machine.name,
                rule="serving.instance_type: SageMaker has no batch transform on this type, and "
                "the served model answers the test rows in one",
                source=instances.source(),
                remedy="use a type such as ml.m5.large, or gate.beats_serving=False",
            )
        return self

    def _check_hosting(self, instance_type: str, *, place: str) -> None:
        """Whether the algorithm's container answers on this type."""
        facts, machine = self.training.facts, instances.instance_type(instance_type)
        if machine.architecture != facts.architecture:
            raise refusal(
                machine.name,
                rule=f"{place}: the image of {self.training.program} is built "
                f"for {facts.architecture}, this type is {machine.architecture}",
                source="first-party images are x86 only (unconfirmed by AWS)",
                remedy="use a type such as ml.m5.large",
            )
        if machine.accelerator is not None and machine.family not in facts.hosting_families:
            raise refusal(
                machine.name,
                rule=f"{place}: {self.training.program} is not documented to use that accelerator",
                source=facts.citation,
                remedy=f"use {facts.hosting_machines}",
            )
