"""What a run has found, in the shape of report.json."""

from __future__ import annotations

from typing import Any

from penstock.scenario.aws import Aws, Stage
from penstock.scenario.job_log import TRAINING_LOGS
from penstock.scenario.learning_curve import learning_curve
from penstock.scenario.monitoring import Check
from penstock.scenario.serving import Answers, confusion_matrix
from penstock.scenario.training import TrainingRun

Findings = dict[str, Any]


def note_training(aws: Aws, findings: Findings, run: TrainingRun) -> None:
    """The parts training, model and metrics, and how many records were unique."""
    job, summary = run.job, run.summary
    if "records" in findings and summary:
        findings["records"]["unique"] = summary["unique"]
    if not job:
        return
    image = job["AlgorithmSpecification"]["TrainingImage"]
    channels = job["InputDataConfig"]
    findings["training"] = {
        "job_name": job["TrainingJobName"],
        "algorithm": image.rsplit("/", 1)[-1].split(":")[0],
        "image": image,
        "input_mode": channels[0].get(
            "InputMode", job["AlgorithmSpecification"]["TrainingInputMode"]
        ),
        "content_type": channels[0].get("ContentType"),
        "channels": {
            channel["ChannelName"]: summary["channels"][channel["ChannelName"]]
            for channel in channels
            if channel["ChannelName"] in summary.get("channels", {})
        },
        "learning_curve": learning_curve(aws, job),
        "log_group": TRAINING_LOGS,
        "failure_reason": job.get("FailureReason"),
    }
    findings["model"] = {
        "artifact": job.get("ModelArtifacts", {}).get("S3ModelArtifacts"),
        "model_package_arn": run.model_package_arn,
    }
    for metric in job.get("FinalMetricDataList", []):
        findings["metrics"][metric["MetricName"]] = metric["Value"]


def note_answers(findings: Findings, stage: Stage, answers: Answers) -> None:
    """The part endpoint, and its accuracy among the metrics, if it answers labels."""
    if answers.accuracy is not None:
        findings["metrics"]["endpoint_accuracy"] = answers.accuracy
    findings["endpoint"] = {
        "name": stage["EndpointName"],
        "invocations": len(answers.inference_ids),
        "rows": answers.rows,
        "captured": 0,
        "confusion": confusion_matrix(answers.confusion) if answers.confusion else None,
    }
    if answers.scores:
        findings["endpoint"]["mean_score"] = sum(answers.scores) / len(answers.scores)


def note_check(findings: Findings, batch: str, check: Check, *, what: str) -> None:
    """One batch of the part monitor; `what` was sent."""
    findings["monitor"][batch] = {
        "what": what,
        "rows": check.rows,
        "violations": check.violations,
        "features": list(check.features),
        "report_uri": check.report_uri,
    }


def note_retraining(findings: Findings, stage: Stage, run: TrainingRun, *, cause: str) -> None:
    """The part retraining: the new model against the one in service."""
    findings["monitor"]["retrained"] = True
    findings["retraining"] = {
        "cause": cause,
        "job_name": run.job["TrainingJobName"],
        "metric": stage["GateMetric"],
        "value": run.output["metric_value"],
        "serving_value": run.output["serving_metric_value"],
        "registered": run.output["registered"],
        "model_package_arn": run.model_package_arn,
    }
