"""SageMaker training jobs: the /opt/ml layout, channels, logs, metrics and artifacts."""

from penstock.localcloud.workers.training.job import TrainingJob
from penstock.localcloud.workers.training.worker import RefusedRequest, TrainingWorker

__all__ = ["RefusedRequest", "TrainingJob", "TrainingWorker"]
