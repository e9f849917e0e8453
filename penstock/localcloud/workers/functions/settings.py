"""What a Lambda function's configuration says, as far as running it needs."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class FunctionSettings:
    """One version of a function. Two equal settings may share a warm process."""

    name: str
    arn: str
    version: str
    handler: str
    runtime: str
    role_arn: str
    environment: tuple[tuple[str, str], ...]
    timeout_seconds: int
    memory_mb: int
    log_group: str
    code_sha256: str
    code: bytes = field(compare=False, repr=False)
