"""The AWS that a scenario speaks to, and the outputs of the stage that it drives."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

Found = TypeVar("Found")


class StepFailedError(Exception):
    """A step of the scenario did not do what the pipeline promises; the text says why."""


@dataclass(frozen=True)
class Aws:
    """Clients by service name, and how patiently to wait for asynchronous things.

    `client` is boto3's: `Session.client` for a real account. `poll_seconds` is the pause between
    two looks, `patience_seconds` the time after which a wait without progress is a failure.
    """

    client: Callable[[str], Any]
    poll_seconds: float
    patience_seconds: float

    def read(self, uri: str) -> bytes:
        """The object at an s3:// address."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        body: bytes = self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def wait_for(
        self, what: str, look: Callable[[], Found | None], progress: Callable[[], Any] | None = None
    ) -> Found:
        """Look until there is something.

        StepFailedError after `patience_seconds` without progress.
        """
        last_progress = progress() if progress else None
        deadline = time.monotonic() + self.patience_seconds
        while True:
            found = look()
            if found is not None:
                return found
            now = progress() if progress else None
            if now != last_progress:
                last_progress = now
                deadline = time.monotonic() + self.patience_seconds
            if time.monotonic() > deadline:
                raise StepFailedError(f"waited {self.patience_seconds:.0f} s for {what}, in vain")
            time.sleep(self.poll_seconds)


@dataclass(frozen=True)
class Stage:
    """One pipeline in one environment, known by the outputs of its stacks."""

    pipeline: str
    environment: str
    outputs: dict[str, str] = field(repr=False)

    def __getitem__(self, output: str) -> str:
        """The value of a stack output; StepFailedError names the one that is missing."""
        if output not in self.outputs:
            raise StepFailedError(
                f"no stack of {self.pipeline}-{self.environment} has an output {output}: "
                "is the stage deployed with this version?"
            )
        return self.outputs[output]

    @classmethod
    def read(cls, aws: Aws, *, pipeline: str, environment: str) -> Stage:
        """Collect the outputs of all stacks named `<pipeline>-<environment>-<layer>`.

        A layer's name has no dash: `digits-dev-x-lake` is another pipeline's.
        """
        prefix = f"{pipeline}-{environment}-"
        outputs: dict[str, str] = {}
        pages = aws.client("cloudformation").get_paginator("describe_stacks").paginate()
        for page in pages:
            for stack in page["Stacks"]:
                name: str = stack["StackName"]
                if name.startswith(prefix) and "-" not in name.removeprefix(prefix):
                    for output in stack.get("Outputs", []):
                        outputs[output["OutputKey"]] = output["OutputValue"]
        if not outputs:
            raise StepFailedError(
                f"no deployed stack is called {prefix}...: deploy the stage first"
            )
        return cls(pipeline, environment, outputs)
