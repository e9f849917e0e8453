"""CloudWatch Logs: a log group's class is shown."""

from __future__ import annotations

from typing import Any

from moto.logs.models import LogGroup
from moto.logs.responses import LogsResponse

from penstock.localcloud.shims.patches import Patches

_DEFAULT = "STANDARD"  # CloudWatch Logs API reference, CreateLogGroup, logGroupClass


def install(patches: Patches) -> None:
    """CreateLogGroup's class comes back from DescribeLogGroups; moto drops it."""

    def create(self: Any) -> str:
        answer: str = stock_create(self)
        group = self.logs_backend.groups[self._get_param("logGroupName")]
        group.log_group_class = self._get_param("logGroupClass") or _DEFAULT
        return answer

    def described(self: Any) -> dict[str, Any]:
        return {
            **stock_described(self),
            "logGroupClass": getattr(self, "log_group_class", _DEFAULT),
        }

    stock_create = patches.replace(LogsResponse, "create_log_group", create)
    stock_described = patches.replace(LogGroup, "to_describe_dict", described)
