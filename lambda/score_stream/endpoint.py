"""The endpoint: asked in batches, asked again when it fails, left alone when it keeps failing."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

ATTEMPTS = 3
FIRST_WAIT_SECONDS = 0.2
# a request that failed in all its attempts is as good as two
FAILURES = 2
OPEN_SECONDS = 10.0
TRY_AGAIN = (408, 429)  # the container's own answers that are no judgement of the rows


class EndpointError(Exception):
    """The endpoint gives no scores now; the rows must be sent again later."""


class NoEndpointError(Exception):
    """There is no endpoint, as before the first model is deployed."""


@dataclass(frozen=True)
class Refused:
    """A row that the model will never score, and why."""

    reason: str


class Breaker:
    """Open after some failures in a row, so that Lambda's next attempts cost next to nothing.

    After a pause one request goes through; its fate says whether the others may. The state is that
    of one execution environment, of which a shard has one, or one per parallel batch.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._opened_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether no request may go through now."""
        return self._failures >= FAILURES and self._clock() - self._opened_at < OPEN_SECONDS

    @property
    def is_on_trial(self) -> bool:
        """Whether the next request is the one that decides: it has one attempt only."""
        return self._failures >= FAILURES

    def succeeded(self) -> None:
        """The endpoint has answered."""
        self._failures = 0

    def failed(self) -> None:
        """The endpoint has not."""
        self._failures += 1
        self._opened_at = self._clock()


class Endpoint:
    """Rows to scores, in the same order. The client must not retry by itself."""

    def __init__(
        self,
        client: Any,
        name: str,
        breaker: Breaker,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._name = name
        self._breaker = breaker
        self._sleep = sleep

    def scores(self, rows: list[list[float]]) -> list[float | Refused]:
        """A score or a refusal per row.

        A batch that the container refuses is sent in halves, until each row that it refuses is
        alone. InvokeEndpoint's error for that is ModelError with the container's status.

        Raises:
            EndpointError: it fails, or the breaker is open.
            NoEndpointError: there is none.
        """
        if not rows:
            return []
        answer = self._ask(rows)
        if not isinstance(answer, Refused):
            return [
                score if math.isfinite(score) else Refused("the model's score is not a number")
                for score in answer
            ]
        if len(rows) == 1:
            return [answer]
        half = len(rows) // 2
        return self.scores(rows[:half]) + self.scores(rows[half:])

    def _ask(self, rows: list[list[float]]) -> list[float] | Refused:
        if self._breaker.is_open:
            raise EndpointError(f"{self._name} kept failing and is left alone for a moment")
        attempts = 1 if self._breaker.is_on_trial else ATTEMPTS
        body = "\n".join(",".join(map(repr, row)) for row in rows).encode()
        for attempt in range(1, attempts + 1):
            try:
                answer = self._client.invoke_endpoint(
                    EndpointName=self._name,
                    ContentType="text/csv",
                    Accept="application/jsonlines",
                    Body=body,
                )
                scores = parsed(answer["Body"].read(), len(rows))
            except (BotoCoreError, ClientError, ValueError) as error:
                refused = judged(error)
                if refused is not None:
                    self._breaker.succeeded()
                    return refused
                if attempt == attempts:
                    self._breaker.failed()
                    raise EndpointError(f"{self._name}: {error}") from error
                # in step with nobody: many shards may have failed at the same moment
                self._sleep(FIRST_WAIT_SECONDS * 4 ** (attempt - 1) * random.uniform(0.5, 1.0))  # noqa: S311
            else:
                self._breaker.succeeded()
                return scores
        raise AssertionError("the last attempt returns or raises")


def judged(error: Exception) -> Refused | None:
    """The container's refusal of the rows; None for a failure that may pass.

    Raises:
        NoEndpointError: what the error says in truth. The service gives it as a ValidationError
            whose text alone tells it from others (from experience, unconfirmed).
    """
    if not isinstance(error, ClientError):
        return None
    response: Any = error.response
    code, message = response["Error"]["Code"], response["Error"].get("Message", "")
    if code == "ValidationError" and "not found" in message:
        raise NoEndpointError(message) from None
    status = response.get("OriginalStatusCode", 500)
    if code == "ModelError" and 400 <= status < 500 and status not in TRY_AGAIN:
        return Refused(f"the model refuses the row: {response.get('OriginalMessage', message)}")
    return None


def parsed(body: bytes, rows: int) -> list[float]:
    """The scores of an answer in JSON lines. ValueError if it is none for so many rows.

    The SageMaker developer guide (rcf-in-formats) shows such lines with a comma at their end.
    """
    lines = (line.strip().removesuffix(b",") for line in body.splitlines())
    try:
        scores = [float(json.loads(line)["score"]) for line in lines if line]
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"the answer has a line without a score: {body[:200]!r}") from None
    if len(scores) != rows:
        raise ValueError(f"{len(scores)} scores for {rows} rows")
    return scores
