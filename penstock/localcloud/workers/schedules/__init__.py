"""Schedules of EventBridge Scheduler, and EventBridge rules with a schedule."""

from penstock.localcloud.workers.schedules.worker import SchedulesWorker

__all__ = ["SchedulesWorker"]
