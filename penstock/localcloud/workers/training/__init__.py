"""SageMaker training jobs: the /opt/ml layout, channels, logs, metrics and artifacts."""

from penstock.localcloud.workers.training.job import TrainingJob
from penstock.localcloud.workers.training.worker import RefusedRequestError, TrainingWorker

__all__ = ["RefusedRequestError", "TrainingJob", "TrainingWorker"]
