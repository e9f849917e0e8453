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
from pipelines.spec.delivery import Delivery
from pipelines.spec.gate import Gate
from pipelines.spec.monitor import Monitor
from pipelines.spec.prepare import Prepare
from pipelines.spec.retrain import Retrain
from pipelines.spec.sample import Sample
from pipelines.spec.schema import RecordSchema
from pipelines.spec.scoring import Scoring
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
    training: Training
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
    def serving_need(self) -> HostingNeed:
        """What the endpoint's machines must have, for the advisor."""
        return HostingNeed(
            algorithm=self.training.algorithm,
            transform=self.gate.beats_serving or self.scoring is not None,
            volume_key=self.serving.needs_volume_key,
        )

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
                    rule=f"whether {self.training.algorithm} answers on a CPU type is unconfirmed",
                    source=facts.citation,
                    remedy=f"use one of {', '.join(facts.accelerated_families)}, or try it",
                )
            )
        return tuple(f"{self.name}: {line}" for line in lines)

    @model_validator(mode="after")
    def _choose_serving_machine(self) -> Pipeline:
        # what is frozen is set once, here, before anybody sees it
        object.__setattr__(self, "serving", self.serving.with_instance_for(self.serving_need))
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
    def _check_scoring_has_series(self) -> Pipeline:
        if self.scoring is None:
            return self
        schema = self.record_schema
        if schema.series_field is None or len(schema.feature_columns) != 1:
            raise refusal(
                schema.feature_columns,
                rule="scoring: what is scored as it flows is a series with one value per point",
                source="pipelines.spec.Scoring",
                remedy="give record_schema.series_field, time_field and one number, "
                "or leave scoring out",
            )
        if self.stream.partition_key_field != schema.series_field:
            raise refusal(
                self.stream.partition_key_field,
                rule="stream.partition_key_field: only records with the same partition key stay "
                "in order, and a window needs a series' points in order",
                source="Kinesis developer guide, partition key; Lambda developer guide, "
                "parallelization factor",
                remedy=f'use "{schema.series_field}"',
            )
        kept_seconds = self.stream.retention_hours * 3600
        if self.scoring.max_record_age_seconds > kept_seconds:
            raise refusal(
                self.scoring.max_record_age_seconds,
                rule="scoring.max_record_age_seconds: the stream keeps records for "
                f"{kept_seconds} s only, and what it forgets is in no dead-letter queue",
                source="Kinesis API reference, IncreaseStreamRetentionPeriod",
                remedy=f"use {kept_seconds} or less, or a longer stream.retention_hours",
            )
        return self

    @model_validator(mode="after")
    def _check_scoring_machine(self) -> Pipeline:
        machine = instances.instance_type(self.serving.instance_type)
        if self.scoring is not None and not machine.transform:
            raise refusal(
                machine.name,
                rule="serving.instance_type: SageMaker has no batch transform on this type, and "
                "with scoring each new model scores training rows in one",
                source=instances.source(),
                remedy="use a type such as ml.m5.large, or leave scoring out",
            )
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
        facts = self.training.facts
        objective = facts.final_metrics.get(self.gate.metric)
        if objective is None:
            raise refusal(
                self.gate.metric,
                rule=f"gate.metric: {self.training.algorithm} reports no such final metric",
                source=facts.citation,
                remedy=f"use one of {', '.join(facts.final_metrics)}"
                if facts.final_metrics
                else "use another algorithm: this one reports none",
            )
        if objective != self.gate.objective:
            better, field = (
                ("larger", "at_least") if objective == "maximize" else ("smaller", "at_most")
            )
            raise refusal(
                self.gate.demand,
                rule=f"gate.{field}: of {self.gate.metric} a {better} value is better",
                source=facts.citation,
                remedy=f"use {field}={self.gate.threshold:g}, or another metric",
            )
        if self.gate.channel not in self.training.channels:
            raise refusal(
                self.gate.metric,
                rule=f"gate.metric: it is computed on the channel {self.gate.channel}, which is "
                "not given",
                source=facts.citation,
                remedy=f"add {self.gate.channel} to training.channels",
            )
        return self

    @model_validator(mode="after")
    def _check_unlabelled(self) -> Pipeline:
        if self.gate.unlabelled == "fail":
            return self
        label, facts = self.record_schema.label_field, self.training.facts
        if label is None:
            raise refusal(
                "register",
                rule="gate.unlabelled: without record_schema.label_field no model is ever judged",
                source="pipelines.spec.Gate",
                remedy="give a label_field whose field is optional",
            )
        if not self.record_schema.field(label).optional:
            raise refusal(
                "register",
                rule=f"gate.unlabelled: records without {label}, the label, are refused as broken",
                source="pipelines.spec.Gate",
                remedy=f"make the field {label} optional, or use 'fail'",
            )
        if self.gate.channel not in facts.channels.optional:
            raise refusal(
                "register",
                rule=f"gate.unlabelled: {self.gate.metric} is computed on the channel "
                f"{self.gate.channel}, and {self.training.algorithm} does not train without it",
                source=facts.citation,
                remedy=f"use a metric of {' or '.join(facts.channels.optional)}, or 'fail'",
            )
        if self.gate.beats_serving:
            raise refusal(
                "register",
                rule="gate.unlabelled: models cannot be compared on labelled rows that are not "
                "there, and gate.beats_serving asks for it",
                source="pipelines.spec.Gate",
                remedy="use gate.beats_serving=False, or 'fail'",
            )
        return self

    @model_validator(mode="after")
    def _check_comparison(self) -> Pipeline:
        facts, metric = self.training.facts, self.gate.metric
        if not self.gate.beats_serving:
            return self
        if metric not in facts.from_answers:
            raise refusal(
                metric,
                rule="gate.metric: it cannot be computed from the served model's answers to the "
                "test rows, so models cannot be compared by it",
                source=facts.citation,
                remedy=f"use {' or '.join([*facts.from_answers, 'gate.beats_serving=False'])}",
            )
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
    def _check_monitor_sees_requests(self) -> Pipeline:
        capture = self.serving.capture
        if self.monitor is not None and (capture is None or "Input" not in capture.modes):
            raise refusal(
                "monitor",
                rule="a monitor reads the requests that data capture keeps, and none are kept",
                source="SageMaker developer guide, Model Monitor data capture",
                remedy="give serving.capture, with 'Input' among its modes",
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
        machine = instances.instance_type(self.serving.instance_type)
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
                rule=f"{place}: the image of {self.training.algorithm} is built "
                f"for {facts.architecture}, this type is {machine.architecture}",
                source="first-party images are x86 only (unconfirmed by AWS)",
                remedy="use a type such as ml.m5.large",
            )
        families = facts.accelerated_families if facts.accelerated_hosting else ()
        if machine.accelerator is not None and machine.family not in families:
            raise refusal(
                machine.name,
                rule=f"{place}: {self.training.algorithm} is not documented to "
                "use that accelerator",
                source=facts.citation,
                remedy=f"use {facts.hosting_machines}",
            )
