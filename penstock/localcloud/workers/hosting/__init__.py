"""SageMaker real-time endpoints: containers as processes behind InvokeEndpoint."""

from penstock.localcloud.workers.hosting.endpoint import Endpoint
from penstock.localcloud.workers.hosting.invocation import (
    Answer,
    InvocationError,
    ModelError,
    Request,
)
from penstock.localcloud.workers.hosting.worker import HostingWorker

__all__ = ["Answer", "Endpoint", "HostingWorker", "InvocationError", "ModelError", "Request"]
