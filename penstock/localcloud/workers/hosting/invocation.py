"""A request to an endpoint, its answer, and the errors of InvokeEndpoint."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """InvokeEndpoint's input; empty strings for what the caller left out."""

    body: bytes
    content_type: str = ""
    accept: str = ""
    custom_attributes: str = ""
    target_variant: str = ""
    inference_id: str = ""


@dataclass(frozen=True)
class Answer:
    """InvokeEndpoint's output."""

    body: bytes
    content_type: str
    variant: str
    custom_attributes: str = ""


class InvocationError(Exception):
    """ValidationError (400) of InvokeEndpoint; the text is its message."""


class ModelError(Exception):
    """The container answered with an error or not at all (424; botocore sagemaker-runtime)."""

    def __init__(self, *, status: int, message: str, original: str, log_stream_arn: str) -> None:
        super().__init__(message)
        self.status = status
        self.original = original
        self.log_stream_arn = log_stream_arn
