"""One captured invocation, and the line that it becomes in a capture file."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from penstock.localcloud.workers.hosting.capture_settings import BASE64, CaptureSettings
from penstock.localcloud.workers.hosting.invocation import Answer, Request


@dataclass(frozen=True)
class CapturedInvocation:
    """A request with its answer; `at` is when the request came (UTC)."""

    request: Request
    answer: Answer
    event_id: str
    at: datetime

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, roughly."""
        return len(self.request.body) + len(self.answer.body)

    def line(self, settings: CaptureSettings) -> str:
        """A line of a capture file, without a newline.

        SageMaker developer guide, model-monitor-data-capture: captureData, eventMetadata with
        eventId, inferenceTime and, if the caller gave one, inferenceId; eventVersion "0".
        The guide also knows custom attributes in eventMetadata; their form is unconfirmed, so
        they are left out.
        """
        data: dict[str, Any] = {}
        if settings.input:
            request = self.request
            data["endpointInput"] = _side("INPUT", request.content_type, request.body, settings)
        if settings.output:
            answer = self.answer
            data["endpointOutput"] = _side("OUTPUT", answer.content_type, answer.body, settings)
        metadata = {"eventId": self.event_id}
        if self.request.inference_id:
            metadata["inferenceId"] = self.request.inference_id
        metadata["inferenceTime"] = f"{self.at:%Y-%m-%dT%H:%M:%SZ}"
        record = {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}
        return json.dumps(record, separators=(",", ":"))


def _side(mode: str, content_type: str, body: bytes, settings: CaptureSettings) -> dict[str, str]:
    encoding = settings.encoding(content_type)
    try:
        text = body.decode("utf-8") if encoding != BASE64 else ""
    except UnicodeDecodeError:
        encoding = BASE64  # what the content type promised is not there; no byte may be lost
    if encoding == BASE64:
        text = base64.b64encode(body).decode("ascii")
    return {
        "observedContentType": content_type,
        "mode": mode,
        "data": text,
        "encoding": encoding,
    }
