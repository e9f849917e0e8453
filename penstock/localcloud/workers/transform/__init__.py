"""SageMaker batch transform: a model's containers answer the objects below an S3 prefix."""

from penstock.localcloud.workers.transform.job import TransformJob
from penstock.localcloud.workers.transform.settings import RefusedRequestError, TransformSettings
from penstock.localcloud.workers.transform.worker import TransformWorker

__all__ = ["RefusedRequestError", "TransformJob", "TransformSettings", "TransformWorker"]
