"""CloudWatch alarms that watch the metrics which are put, and act."""

from penstock.localcloud.workers.alarms.worker import AlarmsWorker

__all__ = ["AlarmsWorker"]
