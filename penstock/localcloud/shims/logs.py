"""CloudWatch Logs: many programs open their log at the same moment; a group's class is shown."""

from __future__ import annotations

import threading
from typing import Any

from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse

from penstock.localcloud.shims.patches import Patches

# Who makes, removes and walks through groups and streams. Not PutLogEvents: a subscription of the
# group may call a function, which writes logs itself.
_IN_TURN = (
    "create_log_group",
    "delete_log_group",
    "describe_log_groups",
    "create_log_stream",
    "delete_log_stream",
    "describe_log_streams",
    "filter_log_events",
)
_DEFAULT = "STANDARD"  # CloudWatch Logs API reference, CreateLogGroup, logGroupClass


def install(patches: Patches) -> None:
    """Groups and streams are made once; CreateLogGroup's class comes back from DescribeLogGroups.

    moto looks whether a group is there and then makes it, without a lock: of two hosts that begin
    at the same moment, the second one's group would replace the first one's with its streams.
    It drops the class.
    """
    patches.one_at_a_time(threading.RLock(), LogsBackend, *_IN_TURN)

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
