"""Glue jobs: settings that moto does not keep are shown as they were given."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.glue import models
from moto.glue.responses import GlueResponse

from penstock.localcloud.shims.patches import Patches

_KEPT = ("JobMode", "JobRunQueuingEnabled", "MaintenanceWindow")


def install_jobs(patches: Patches) -> None:
    """Let CreateJob keep what GetJob is to give back."""

    def create_job(self: Any) -> ActionResult:
        answer = stock_create(self)
        job = self.glue_backend.get_job(self._get_param("Name"))
        given = {name: self._get_param(name) for name in _KEPT}
        job.kept = {name: value for name, value in given.items() if value is not None}
        return answer

    def as_dict(self: Any) -> dict[str, Any]:
        return {**stock_as_dict(self), **getattr(self, "kept", {})}

    stock_create = patches.replace(GlueResponse, "create_job", create_job)
    stock_as_dict = patches.replace(models.FakeJob, "as_dict", as_dict)
