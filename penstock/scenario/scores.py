"""What the scorer of the stream has done: its counts, the scores in the lake, its dead letters."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
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


@dataclass
class Scores:
    """Scores and thresholds by point. `copies` were told again, `late` came after a newer point."""

    by_key: dict[Key, float] = field(default_factory=dict)
    thresholds: dict[Key, float] = field(default_factory=dict)
    copies: int = 0
    late: list[Key] = field(default_factory=list)


class ScoreReader:
    """Reads the scorer's table, its prefix of the lake (each object once) and its queue."""

    def __init__(self, aws: Aws, stage: Stage) -> None:
        self._stage = stage
        self._table = aws.client("dynamodb")
        self._s3 = aws.client("s3")
        self._sqs = aws.client("sqs")
        self._logs = aws.client("logs")
        self._read: set[str] = set()
        self._lasts: dict[str, datetime] = {}
        self.scores = Scores()

    def states(self) -> dict[str, SeriesState]:
        """Each series that the scorer has met."""
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
        bucket = self._stage["LakeBucketName"]
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=self._stage["ScoresPrefix"]
        )
        for key in (item["Key"] for page in pages for item in page.get("Contents", [])):
            if key in self._read:
                continue
            self._read.add(key)
            body = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            for line in body.splitlines():
                self._take(json.loads(line))
        return self.scores

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

    def dead_letters(self, records: Iterable[bytes]) -> int:
        """How many of these records lie in the dead-letter queue."""
        wanted = {hashlib.sha256(base64.b64encode(record)).hexdigest() for record in records}
        bodies = peek(self._sqs, self._stage["ScoringDeadLetterQueueUrl"])
        found = {json.loads(body).get("sha256_of_data") for body in bodies}
        return len(found & wanted)

    def skipped(self, since_ms: int) -> dict[str, int]:
        """Why points went by without a score, by the scorer's own log since then."""
        reasons: Counter[str] = Counter()
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._stage["ScoringLogGroupName"],
            startTime=since_ms,
            filterPattern='"scored"',
        )
        for event in (event for page in pages for event in page["events"]):
            text = event["message"].strip()
            line = json.loads(text) if text.startswith("{") else {}
            if line.get("event") == "scored":
                reasons.update(line["skipped"])
        return dict(reasons)
