"""What FailureReason says of a program that ended badly."""

from __future__ import annotations

import re

KILLED = 137  # 128 + SIGKILL, as `docker run` gives it
# Word for word as users report it of jobs that were killed for memory; whether a program that is
# killed in another way gets other words is unconfirmed.
OUT_OF_MEMORY = (
    "ClientError: Please use an instance type with more memory, or reduce the size of job data "
    "processed on an instance."
)


def exit_code(status: int) -> int:
    """A process's status as a container's exit code: 128 + n for one that signal n ended."""
    return status if status >= 0 else 128 - status


def failure_reason(failure: str, code: int) -> str:
    """FailureReason of a program that ended with exit code `code` and left `failure` behind.

    "AlgorithmError: ..." is published (SageMaker developer guide,
    common-info-all-sagemaker-models-logs); that a built-in algorithm's own refusal of its input
    becomes "ClientError: ..." is from experience, unconfirmed.
    """
    text = re.sub(r"\s+", " ", failure).strip()
    refused = re.match(r"Customer Error:\s*(.*)", text)
    if refused:
        return f"ClientError: {refused.group(1)}, exit code: {code}"
    if code == KILLED and not text:
        return OUT_OF_MEMORY
    return f"AlgorithmError: {text or 'see the job log'}, exit code: {code}"
