"""Whether what the endpoint is asked, or answers, still looks like the training data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import field_validator, model_validator

from pipelines.spec.base import Spec, refusal, within
from pipelines.spec.closed import refuse_closed

# the Glue job takes them as name:kind,name:kind
_COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


class Monitor(Spec):
    """Data quality: the captured requests, or answers, of the last hours against a baseline.

    `of` answers is for what has no columns, such as text: `columns` are then read from each
    prediction ({"predictions": [{"tokens": 187, "predicted_label": 1}, ...]}). A number is compared
    by its distribution, a category by each value's share. The prepare job writes the same columns
    of the training rows below `baseline/`, as CSV with a header.

    The baseline is made of the training data of each approved model. `engine` penstock is a Glue
    job with penstock.monitor; model-monitor is SageMaker's managed schedule, for accounts that had
    it before 2026-07-30 and say so (Environment.closed_services). `drift_threshold` is the distance
    above which a feature has drifted. The alarm goes off when a check finds `alarm_at_violations`;
    the managed schedule publishes no count of them, so it has no alarm. `workers` are the Glue
    job's, which makes the baselines of both engines.
    """

    engine: Literal["penstock", "model-monitor"] = "penstock"
    of: Literal["requests", "answers"] = "requests"
    columns: Mapping[str, Literal["number", "category"]] = {}
    every_hours: Literal[1, 2, 3, 4, 6, 8, 12, 24] = 1
    distance: Literal["Robust", "Simple"] = "Robust"
    drift_threshold: float = 0.1
    alarm_at_violations: int = 1
    workers: Annotated[int, within("glue.workers")] = 2
    timeout_minutes: Annotated[int, within("glue.timeout_minutes")] = 30

    @field_validator("engine", mode="before")
    @classmethod
    def _check_engine(cls, value: Any) -> Any:
        """Model Monitor itself is for accounts that have it: pipelines.spec.Deployment looks."""
        if value != "model-monitor":
            refuse_closed(value)
        return value

    @field_validator("drift_threshold")
    @classmethod
    def _check_threshold(cls, value: float) -> float:
        if not 0 <= value <= 1:
            raise refusal(
                value,
                rule="a distance between two distributions is 0 to 1",
                source="Model Monitor, schema of constraints.json, comparison_threshold",
                remedy="use a number such as 0.1",
            )
        return value

    @field_validator("alarm_at_violations")
    @classmethod
    def _check_violations(cls, value: int) -> int:
        if value < 1:
            raise refusal(
                value,
                rule="with 0 violations there is nothing to raise an alarm about",
                source="pipelines.spec.Monitor",
                remedy="use 1 or more",
            )
        return value

    @field_validator("columns")
    @classmethod
    def _check_names(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for name in value:
            if not _COLUMN.fullmatch(name):
                raise refusal(
                    name,
                    rule="a column is 1 to 64 letters, digits and _, beginning with a letter",
                    source="jobs/monitor_data_quality.py, --answer_columns",
                    remedy='use a name such as "predicted_label"',
                )
        return value

    @model_validator(mode="after")
    def _check_columns(self) -> Monitor:
        if (self.of == "answers") != bool(self.columns):
            raise refusal(
                dict(self.columns),
                rule="columns: they are what is read of each answer; those of requests are the "
                "record's",
                source="pipelines.spec.Monitor",
                remedy='use of="answers" with columns such as {"predicted_label": "category"}, '
                "or neither",
            )
        return self

    @model_validator(mode="after")
    def _check_managed(self) -> Monitor:
        if self.engine != "model-monitor":
            return self
        if self.of == "answers":
            raise refusal(
                self.of,
                rule="of: that Model Monitor makes a row of each prediction in an answer, and "
                "takes some of its fields alone, is nowhere documented",
                source="SageMaker developer guide, Model Monitor, preprocessing",
                remedy="use engine='penstock'",
            )
        if self.timeout_minutes > self.every_hours * 60:
            raise refusal(
                self.timeout_minutes,
                rule="timeout_minutes: a check of Model Monitor ends before the next one begins, "
                f"after {self.every_hours * 60} minutes",
                source="SageMaker API reference, MonitoringStoppingCondition",
                remedy=f"use 1 to {self.every_hours * 60}, or another every_hours",
            )
        if self.alarm_at_violations != 1:
            raise refusal(
                self.alarm_at_violations,
                rule="alarm_at_violations: Model Monitor publishes no count of violations",
                source="SageMaker developer guide, Model Monitor and CloudWatch metrics",
                remedy="leave it out, or use engine='penstock'",
            )
        return self
