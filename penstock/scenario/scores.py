"""What the scorer of the stream has done: its counts, the scores in the lake, its dead letters."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from penstock.scenario.aws import Aws, Stage
from penstock.scenario.points import Key, moment
from penstock.scenario.queues import peek


@dataclass(frozen=True)
class SeriesState:
    """A series as the scorer's table has it."""

    last: datetime
    scored: int
    skipped: int
    refused: int
    is_told: bool

    @property
    def decided(self) -> int:
        """Points whose fate is known."""
        return self.scored + self.skipped + self.refused

    def since(self, before: SeriesState) -> SeriesState:
        """The same with what was counted after `before`."""
        return replace(
            self,
            scored=self.scored - before.scored,
            skipped=self.skipped - before.skipped,
            refused=self.refused - before.refused,
        )


# one that the scorer has not met is as good as this
UNMET = SeriesState(datetime.min.replace(tzinfo=UTC), 0, 0, 0, True)


@dataclass
class Scores:
    """Scores and thresholds by point. `copies` were told again, `late` came after a newer point."""

    by_key: dict[Key, float] = field(default_factory=dict)
    thresholds: dict[Key, float] = field(default_factory=dict)
    copies: int = 0
    late: list[Key] = field(default_factory=list)


class ScoreReader:
    """Reads the scorer's table, its prefix of the lake (each object once) and its queue.

    Scores that lie in the lake when the reader is made are of another run.
    """

    def __init__(self, aws: Aws, stage: Stage) -> None:
        self._stage = stage
        self._table = aws.client("dynamodb")
        self._s3 = aws.client("s3")
        self._sqs = aws.client("sqs")
        self._logs = aws.client("logs")
        self._read = set(self._keys())
        self._begun_ms = int(time.time() * 1000)
        self._lasts: dict[str, datetime] = {}
        self._letters: set[str | Key] = set()
        self.scores = Scores()

    def states(self) -> dict[str, SeriesState]:
        """Each series that the scorer has met; for others there is UNMET."""
        pages = self._table.get_paginator("scan").paginate(
            TableName=self._stage["ScoringTableName"], ConsistentRead=True
        )
        return {
            item["series"]["S"]: SeriesState(
                last=moment(item["last"]["S"]),
                scored=int(item["scored"]["N"]),
                skipped=int(item["skipped"]["N"]),
                refused=int(item["refused"]["N"]),
                is_told=item["outbox"]["S"] == "{}",
            )
            for page in pages
            for item in page["Items"]
        }

    def look(self) -> Scores:
        """Bring the scores up to date."""
        for key in self._keys():
            if key in self._read:
                continue
            self._read.add(key)
            answer = self._s3.get_object(Bucket=self._stage["LakeBucketName"], Key=key)
            for line in answer["Body"].read().splitlines():
                self._take(json.loads(line))
        return self.scores

    def _keys(self) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._stage["LakeBucketName"], Prefix=self._stage["ScoresPrefix"]
        )
        return (item["Key"] for page in pages for item in page.get("Contents", []))

    def _take(self, line: dict[str, Any]) -> None:
        found = self.scores
        key = line["series"], moment(line["timestamp"])
        if key in found.by_key:
            found.copies += 1
            return
        if key[0] in self._lasts and key[1] < self._lasts[key[0]]:
            found.late.append(key)
        self._lasts[key[0]] = key[1]
        found.by_key[key] = line["score"]
        found.thresholds[key] = line["threshold"]

    def dead_letters(self, records: Iterable[bytes], points: Iterable[Key]) -> int:
        """How many of these records and points have been seen in the dead-letter queue."""
        wanted = {hashlib.sha256(base64.b64encode(record)).hexdigest() for record in records}
        for body in peek(self._sqs, self._stage["ScoringDeadLetterQueueUrl"]):
            letter = json.loads(body)
            if "sha256_of_data" in letter:
                self._letters.add(letter["sha256_of_data"])
            elif "series" in letter:
                self._letters.add((letter["series"], moment(letter["timestamp"])))
            # else Lambda's own, of what it gave up: points that are lost, which others notice
        return len(self._letters & {*wanted, *points})

    def skipped(self) -> Counter[str]:
        """Why points went by without a score, by the scorer's own log of the reader's time.

        Where the log's clock is ahead of this machine's, some from before are among them: what
        happened in between is the difference of two answers.
        """
        reasons: Counter[str] = Counter()
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._stage["ScoringLogGroupName"],
            startTime=self._begun_ms,
            filterPattern='"scored"',
        )
        for event in (event for page in pages for event in page["events"]):
            text = event["message"].strip()
            line = json.loads(text) if text.startswith("{") else {}
            if line.get("event") == "scored":
                reasons.update(line["skipped"])
        return reasons
