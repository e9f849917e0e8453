"""What a delivery stream tells about itself: error lines in its log group, CloudWatch metrics.

Sources: Amazon Data Firehose developer guide, "Monitor using CloudWatch Logs" and "CloudWatch
metrics" (namespace AWS/Firehose, dimension DeliveryStreamName).
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.context import CloudContext
from penstock.localcloud.workers.firehose.settings import StreamSettings
from penstock.localcloud.workers.logs import LogStream

log = logging.getLogger(__name__)


class Reporting:
    """Collects metrics until `publish`; writes error lines at once. One thread uses it."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._metrics: defaultdict[str, float] = defaultdict(float)
        self._streams: dict[tuple[str, str], LogStream] = {}

    def count(self, **metrics: float) -> None:
        """Add to metrics; a double underscore in a name stands for a dot."""
        for name, value in metrics.items():
            self._metrics[name.replace("__", ".")] += value

    def publish(self, settings: StreamSettings) -> None:
        """Send what was collected."""
        collected, self._metrics = self._metrics, defaultdict(float)
        if not collected:
            return
        dimensions = [{"Name": "DeliveryStreamName", "Value": settings.name}]
        try:
            # Firehose's own metrics need no role's permission
            self._context.clients.deployer("cloudwatch").put_metric_data(
                Namespace="AWS/Firehose",
                MetricData=[
                    {
                        "MetricName": name,
                        "Dimensions": dimensions,
                        "Timestamp": self._context.clock.now(),
                        "Value": value,
                        "Unit": "Bytes" if name.endswith("Bytes") else "Count",
                    }
                    for name, value in sorted(collected.items())
                ],
            )
        except (ClientError, BotoCoreError) as error:
            log.warning("metrics of %s are lost: %s", settings.name, error)

    def error(self, settings: StreamSettings, code: str, message: str, **more: str) -> None:
        """One line in the configured log stream; Firehose delivers on without it."""
        log.warning("delivery stream %s: %s: %s", settings.name, code, message)
        if not settings.log_group:
            return
        line = {
            "deliveryStreamARN": settings.arn,
            "destination": f"arn:aws:s3:::{settings.target.bucket}",
            "deliveryStreamVersionId": int(settings.version),
            "message": message,
            "errorCode": code,
            **more,
        }
        key = (settings.log_group, settings.log_stream)
        try:
            if key not in self._streams:
                self._streams[key] = LogStream(
                    self._context.clients.for_role(
                        settings.target.role_arn,
                        "logs",
                        by="firehose.amazonaws.com",
                        source_arn=settings.arn,
                    ),
                    self._context.clock,
                    group=settings.log_group,
                    stream=settings.log_stream,
                )
            self._streams[key].write(json.dumps(line))
        except (ClientError, BotoCoreError) as error:
            log.warning("delivery stream %s cannot write its log: %s", settings.name, error)
