"""Runs the code of deployed Lambda functions, each in processes of its own."""

from penstock.localcloud.workers.functions.worker import FunctionsWorker

__all__ = ["FunctionsWorker"]
