"""The gate: refuses a metric that the training does not report, or that cannot be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.spec.base import refusal
from pipelines.spec.script_training import ScriptTraining
from pipelines.spec.training_job import JSON_LINES

if TYPE_CHECKING:
    from pipelines.spec.pipeline import Pipeline


def check_gate(pipeline: Pipeline) -> None:
    """Check the metric, what becomes of unlabelled data, and the comparison with what is served.

    Raises:
        ValueError: the refusal of the first that does not fit.
    """
    _check_metric(pipeline)
    _check_unlabelled(pipeline)
    _check_comparison(pipeline)


def _check_metric(pipeline: Pipeline) -> None:
    facts = pipeline.training.facts
    objective = facts.final_metrics.get(pipeline.gate.metric)
    if objective is None:
        raise refusal(
            pipeline.gate.metric,
            rule=f"gate.metric: {pipeline.training.program} reports no such final metric",
            source=facts.citation,
            remedy=f"use one of {', '.join(facts.final_metrics)}"
            if facts.final_metrics
            else "use another algorithm: this one reports none",
        )
    if objective != pipeline.gate.objective:
        better, field = (
            ("larger", "at_least") if objective == "maximize" else ("smaller", "at_most")
        )
        raise refusal(
            pipeline.gate.demand,
            rule=f"gate.{field}: of {pipeline.gate.metric} a {better} value is better",
            source=facts.citation,
            remedy=f"use {field}={pipeline.gate.threshold:g}, or another metric",
        )
    if pipeline.gate.channel not in pipeline.training.channels:
        raise refusal(
            pipeline.gate.metric,
            rule=f"gate.metric: it is computed on the channel {pipeline.gate.channel}, which is "
            "not given",
            source=facts.citation,
            remedy=f"add {pipeline.gate.channel} to training.channels",
        )


def _check_unlabelled(pipeline: Pipeline) -> None:
    if pipeline.gate.unlabelled == "fail":
        return
    label, facts = pipeline.record_schema.label_field, pipeline.training.facts
    if isinstance(pipeline.training, ScriptTraining) and pipeline.training.pretrained:
        raise refusal(
            "register",
            rule="gate.unlabelled: with training.pretrained two channels may be missing, and the "
            "stack looks for one",
            source="stacks/optional_channel.py",
            remedy="use 'fail', or training.pretrained=False",
        )
    if label is None:
        raise refusal(
            "register",
            rule="gate.unlabelled: without record_schema.label_field no model is ever judged",
            source="pipelines.spec.Gate",
            remedy="give a label_field whose field is optional",
        )
    if not pipeline.record_schema.field(label).optional:
        raise refusal(
            "register",
            rule=f"gate.unlabelled: records without {label}, the label, are refused as broken",
            source="pipelines.spec.Gate",
            remedy=f"make the field {label} optional, or use 'fail'",
        )
    if pipeline.gate.channel not in facts.channels.optional:
        raise refusal(
            "register",
            rule=f"gate.unlabelled: {pipeline.gate.metric} is computed on the channel "
            f"{pipeline.gate.channel}, and {pipeline.training.program} does not train without it",
            source=facts.citation,
            remedy=f"use a metric of {' or '.join(facts.channels.optional)}, or 'fail'",
        )
    if pipeline.gate.beats_serving:
        raise refusal(
            "register",
            rule="gate.unlabelled: models cannot be compared on labelled rows that are not "
            "there, and gate.beats_serving asks for it",
            source="pipelines.spec.Gate",
            remedy="use gate.beats_serving=False, or 'fail'",
        )


def _check_comparison(pipeline: Pipeline) -> None:
    facts, metric = pipeline.training.facts, pipeline.gate.metric
    if not pipeline.gate.beats_serving:
        return
    if metric not in facts.from_answers:
        raise refusal(
            metric,
            rule="gate.metric: it cannot be computed from the served model's answers to the "
            "test rows, so models cannot be compared by it",
            source=facts.citation,
            remedy=f"use {' or '.join([*facts.from_answers, 'gate.beats_serving=False'])}",
        )
    if pipeline.training.rows_type is None:
        raise refusal(
            facts.inference.request,
            rule=f"training.request_types: {pipeline.training.program} takes no file with a row a "
            "line, so that the served model could not be asked about the test rows",
            source="pipelines.spec.TrainingJob",
            remedy=f"let it take {JSON_LINES}, or use gate.beats_serving=False",
        )
