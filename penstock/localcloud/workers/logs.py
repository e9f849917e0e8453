"""Writes lines to a CloudWatch Logs stream, as the role whose program printed them."""

from __future__ import annotations

import threading
from typing import Any

from botocore.exceptions import ClientError

from penstock.localcloud.clock import Clock


class LogStream:
    """One log stream; creates the group (when asked to) and the stream on first use.

    `logs` is a boto3 logs client of the role that writes. CloudWatch Logs refuses empty
    messages, so empty lines are written as one space.
    """

    def __init__(
        self, logs: Any, clock: Clock, *, group: str, stream: str, create_group: bool = False
    ) -> None:
        self.group = group
        self.stream = stream
        self._logs = logs
        self._clock = clock
        self._create_group = create_group
        self._ready = False
        self._lock = threading.Lock()

    def write(self, *lines: str) -> None:
        """Append the lines, in order, with the cloud's current time."""
        if not lines:
            return
        with self._lock:
            if not self._ready:
                self._create()
                self._ready = True
            stamp = int(self._clock.now().timestamp() * 1000)
            for start in range(0, len(lines), 1000):
                self._logs.put_log_events(
                    logGroupName=self.group,
                    logStreamName=self.stream,
                    logEvents=[
                        {"timestamp": stamp, "message": line or " "}
                        for line in lines[start : start + 1000]
                    ],
                )

    def _create(self) -> None:
        if self._create_group:
            self._ignoring_existing(self._logs.create_log_group, logGroupName=self.group)
        self._ignoring_existing(
            self._logs.create_log_stream, logGroupName=self.group, logStreamName=self.stream
        )

    @staticmethod
    def _ignoring_existing(call: Any, **arguments: str) -> None:
        try:
            call(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                raise
