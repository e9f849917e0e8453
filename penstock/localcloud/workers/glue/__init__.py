"""Glue jobs: the job's own script as a real Spark program, in the runtime of its GlueVersion."""

from penstock.localcloud.workers.glue.worker import GlueWorker

__all__ = ["GlueWorker"]
