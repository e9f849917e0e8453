"""The states that judge a trained model by the job's own final metric."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipelines.spec import Gate
from stacks.null import NULL
from stacks.optional_channel import OBJECTS

NOT_JUDGED = "not judged"


class QualityGate(Construct):
    """ReadMetric and Gate; then `passed`, or one of GateMissed and MetricMissing.

    The input is DescribeTraining's output: it selects `metric_values`. Where a model may be
    registered without labels (`unlabelled`), Judged or NotJudged comes before `passed`. `value`
    and `in_words` are how later states find the metric: null and "not judged" if there is none.
    """

    def __init__(self, scope: Construct, construct_id: str, *, gate: Gate) -> None:
        super().__init__(scope, construct_id)
        self._gate = gate
        self._may_lack = gate.unlabelled == "register"
        selected = f"FinalMetricDataList[?(@.MetricName=='{gate.metric}')].Value"
        # A job without a test channel may have no such list at all (unconfirmed). A path through
        # what is missing would fail the execution then; `..`, as the Step Functions developer guide
        # has it in a ResultSelector (ItemBatcher), finds nothing (from experience).
        self.metric_values = f"$..{selected}" if self._may_lack else f"$.{selected}"
        self.value = "$.judged.metric_value" if self._may_lack else "$.metric_values[0]"
        self.in_words = (
            "$.judged.in_words" if self._may_lack else "States.Format('{}', $.metric_values[0])"
        )

    def states(self, *, passed: sfn.IChainable) -> sfn.Chain:
        """The states, ending in `passed` or in a failure."""
        read_metric = sfn.Pass(
            self,
            "ReadMetric",
            state_name="ReadMetric",
            parameters={
                "run.$": "$.run",
                "prepared_uri.$": "$.prepared_uri",
                "training_job_name.$": "$.training.job_name",
                "artifact_uri.$": "$.training.artifact_uri",
                "metric_values.$": "$.training.metric_values",
                **({"labels.$": "$.labels"} if self._may_lack else {}),
            },
        )
        absent = sfn.Condition.is_not_present("$.metric_values[0]")
        choice = sfn.Choice(self, "Gate", state_name="Gate")
        if self._may_lack:
            unlabelled = sfn.Condition.number_equals(OBJECTS, 0)
            not_judged = self._note("NotJudged", {"metric_value": NULL, "in_words": NOT_JUDGED})
            choice.when(sfn.Condition.and_(unlabelled, absent), not_judged.next(passed))
            passed = self._note(
                "Judged",
                {
                    "metric_value.$": "$.metric_values[0]",
                    "in_words.$": "States.Format('{}', $.metric_values[0])",
                },
            ).next(passed)
        return read_metric.next(
            choice.when(absent, self._missing())
            .when(
                self._reached(),
                passed,
            )
            .otherwise(self._missed())
        )

    def _reached(self) -> sfn.Condition:
        compare = (
            sfn.Condition.number_greater_than_equals
            if self._gate.objective == "maximize"
            else sfn.Condition.number_less_than_equals
        )
        return compare("$.metric_values[0]", self._gate.threshold)

    def _note(self, name: str, judged: dict[str, Any]) -> sfn.CustomState:
        return sfn.CustomState(
            self,
            name,
            state_json={"Type": "Pass", "Parameters": judged, "ResultPath": "$.judged"},
        )

    def _missed(self) -> sfn.Fail:
        return sfn.Fail(
            self,
            "GateMissed",
            state_name="GateMissed",
            error="QualityGateMissed",
            cause_path=(
                f"States.Format('{self._gate.metric} is {{}}, the gate asks for "
                f"{self._gate.demand}', $.metric_values[0])"
            ),
        )

    def _missing(self) -> sfn.Fail:
        return sfn.Fail(
            self,
            "MetricMissing",
            state_name="MetricMissing",
            error="QualityMetricMissing",
            cause=f"the training job reported no final metric {self._gate.metric}",
        )
