"""Names that more than one stack, or someone outside, must know; all others are generated."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.spec import Deployment

RECORDS_PREFIX = "records/"
ERRORS_PREFIX = "errors/"
PREPARED_PREFIX = "prepared/"
CAPTURE_PREFIX = "capture/"
MONITOR_PREFIX = "monitor/"
BASELINES_PREFIX = f"{MONITOR_PREFIX}baseline/"
REPORTS_PREFIX = f"{MONITOR_PREFIX}reports/"
MODELS_PREFIX = "models/"
CHECKPOINTS_PREFIX = "checkpoints/"
# weights that a script's training begins with, and their vocabulary; put there by people
PRETRAINED_PREFIX = "pretrained/"
VOCABULARY = f"{PRETRAINED_PREFIX}vocab.txt"

# what the stream's points are scored: results in the lake, each model's figures with its artifacts
STREAM_SCORES_PREFIX = "scores/"
STREAM_SCORES_ERRORS_PREFIX = "scores-errors/"
SETTINGS_PREFIX = "scoring/"

# below prepared/<run>/: the test channel's rows with and without labels, and a model's answers
HOLDOUT_LABELS = "holdout/test.csv"
HOLDOUT_FEATURES = {
    "text/csv": "holdout/test_features.csv",
    "application/jsonlines": "holdout/test_features.jsonl",
}
SCORES_FOLDER = "scores/"
# and there, where the stream is scored: the train channel's first part, a new model's answers to
# it, and how each series was normalised
TRAIN_SAMPLE = "train/part-00000"
TRAIN_SCORES_FOLDER = "train-scores/"
SERIES_DOCUMENT = "series.json"
TRAIN_PREFIX = f"{PREPARED_PREFIX}*/train/"
TRAIN_SCORES_PREFIX = f"{PREPARED_PREFIX}*/{TRAIN_SCORES_FOLDER}"
SERIES_PREFIX = f"{PREPARED_PREFIX}*/{SERIES_DOCUMENT}"
HOLDOUT_PREFIX = f"{PREPARED_PREFIX}*/holdout/"
SCORES_PREFIX = f"{PREPARED_PREFIX}*/{SCORES_FOLDER}"


@dataclass(frozen=True)
class Names:
    """The literal names of one deployment, all derived from `<pipeline>-<environment>`."""

    prefix: str
    model_package_parameter: str

    @classmethod
    def of(cls, deployment: Deployment) -> Names:
        """The names of a deployment."""
        return cls(
            prefix=deployment.prefix,
            model_package_parameter=(
                f"/penstock/{deployment.pipeline.name}/{deployment.environment.name}"
                "/model-package-arn"
            ),
        )

    @property
    def serving_parameter(self) -> str:
        """The parameter that holds `on` or `off`, beside that of the model."""
        return f"{self.model_package_parameter.rpartition('/')[0]}/serving"

    def serving_schedule(self, what: str) -> str:
        """A schedule that switches serving: literal, as its key's use is bound to it."""
        return f"{self.prefix}-serving-{what}"

    def stack(self, layer: str) -> str:
        """The CloudFormation name of a layer's stack."""
        return f"{self.prefix}-{layer}"

    @property
    def endpoint(self) -> str:
        """The endpoint's name: literal, so that alarms on it make no cycle in the template."""
        return self.prefix

    @property
    def rollback_alarm(self) -> str:
        """The alarm that takes a new model back: literal, as roles elsewhere may look at it."""
        return f"{self.prefix}-rollback"

    @property
    def model_package_group(self) -> str:
        """The registry's group; its type asks for a name."""
        return self.prefix

    @property
    def training_jobs(self) -> str:
        """What every training job's name begins with."""
        return f"{self.prefix}-"

    @property
    def serving_construct(self) -> str:
        """What the logical ids of the serving stack begin with, and so generated names."""
        return "".join(part.capitalize() for part in self.prefix.split("-"))

    @property
    def glue_logs(self) -> str:
        """The prefix of the preparation's log groups (`<prefix>/error` and `<prefix>/output`)."""
        return f"/aws-glue/jobs/{self.prefix}"

    @property
    def monitor_job_logs(self) -> str:
        """The prefix of the monitor job's log groups."""
        return f"/aws-glue/jobs/{self.prefix}-monitor"

    @property
    def monitor_schedule(self) -> str:
        """The schedule of checks: literal, as its metrics bear it as a dimension."""
        return f"{self.prefix}-monitor"

    @property
    def retrain_schedule(self) -> str:
        """The schedule that asks for trainings: literal, as its key's use is bound to it."""
        return f"{self.prefix}-retrain"

    @property
    def endpoint_logs(self) -> str:
        """The log group that SageMaker hosting writes to."""
        return f"/aws/sagemaker/Endpoints/{self.endpoint}"
