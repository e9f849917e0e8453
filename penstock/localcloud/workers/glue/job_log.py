"""One of a run's two log streams; a role that may not write logs loses lines, not its run."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from botocore.exceptions import ClientError

from penstock.localcloud.workers.logs import LogStream

log = logging.getLogger(__name__)


class JobLog:
    """Hands lines to CloudWatch Logs until that is refused, which is said once.

    That a job goes on without its logs is from experience; AWS's pages do not confirm it.
    """

    def __init__(self, stream: LogStream) -> None:
        self._stream = stream
        self._refused = False

    def write(self, lines: Sequence[str]) -> None:
        """Append the lines."""
        if self._refused:
            return
        try:
            self._stream.write(*lines)
        except ClientError as error:
            self._refused = True
            log.warning("a Glue job's log %s is lost: %s", self._stream.group, error)
