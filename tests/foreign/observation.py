"""What is observed of a deployed plant: each observation is one small use of the stack."""

from __future__ import annotations

import base64
import io
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.foreign.plant import Plant, until
from tests.foreign.samples import HEARTBEAT, Sample, broken, samples

READINGS = "telemetry/readings/"
HEARTBEATS = 20
FRAME_BYTES = 700_000
FRAMES = 3
SETTLE_SECONDS = 2.0
INSPECTIONS = (
    b'{"machine": "press-4", "wear_mm": 0.25, "cycles": 1200, "passed": true}',
    b'{"machine": "lathe-1", "wear_mm": 1.5, "cycles": 88, "passed": false}',
)
UNREADABLE_INSPECTION = b'{"machine": "press-4", "wear_mm": "a lot"'


@dataclass(frozen=True)
class Archived:
    """Frames as they lie in the bucket."""

    keys: tuple[str, ...]
    bodies: tuple[bytes, ...]
    frames: tuple[bytes, ...]

    def holds_all(self, unpack: Callable[[bytes], bytes]) -> bool:
        """Whether the unpacked objects are the frames, whole and in some order."""
        plain = [unpack(body) for body in self.bodies]
        return sum(map(len, plain)) == sum(map(len, self.frames)) and all(
            any(frame in body for body in plain) for frame in self.frames
        )


@dataclass(frozen=True)
class Trained:
    """One training job, from outside."""

    epochs: int
    hosts: frozenset[str]
    statuses: tuple[str, ...]
    streamed_epochs: int


@dataclass(frozen=True)
class Observation:
    """Everything about the unchanged stack."""

    sent: tuple[bytes, ...]
    lines: tuple[str, ...]
    reading_keys: tuple[str, ...]
    rejected: tuple[dict[str, Any], ...]
    writer_said: tuple[dict[str, Any], ...]
    inspections: pa.Table
    inspection_keys: tuple[str, ...]
    unreadable: tuple[str, ...]
    archived: Archived
    execution: dict[str, Any]
    job: dict[str, Any]
    trained: Trained
    accuracy: float
    ledger: dict[str, Any]


def observe_everything(plant: Plant) -> Observation:
    """Readings to graded answers, inspections to Parquet, frames to the archive."""
    to_train, held_back = samples()
    first, *others = to_train
    sent = [
        first.reading(settle_seconds=SETTLE_SECONDS),
        *(sample.reading() for sample in others),
        *[HEARTBEAT] * HEARTBEATS,
        *broken(first),
    ]
    random.Random(7).shuffle(sent)
    plant.send_readings(sent)
    archived = archive_frames(plant)
    plant.put_directly("InspectionDelivery", [UNREADABLE_INSPECTION])
    inspections = inspect(plant)
    until(lambda: accounted(plant) == len(sent), "every reading is accounted for")
    execution = plant.finished(plant.start_training("base"))
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    grades = plant.grade([list(sample.sensors.values()) for sample in held_back])
    right = sum(
        grade == int(sample.defect) for grade, sample in zip(grades, held_back, strict=True)
    )
    return Observation(
        sent=tuple(sent),
        lines=tuple(plant.lines(READINGS)),
        reading_keys=tuple(plant.objects(READINGS)),
        rejected=tuple(plant.rejected()),
        writer_said=tuple(plant.writer_said()),
        inspections=inspections,
        inspection_keys=tuple(plant.objects("quality/inspections/")),
        unreadable=tuple(plant.lines("quality/unreadable/")),
        archived=archived,
        execution=execution,
        job=plant.trained("base"),
        trained=trained(plant, "base"),
        accuracy=right / len(held_back),
        ledger=plant.cloud.context.ledger.report(),
    )


def accounted(plant: Plant) -> int:
    """Readings that are delivered, dropped or rejected."""
    dropped = sum(int(said.get("heartbeats", 0)) for said in plant.writer_said())
    return len(plant.lines(READINGS)) + dropped + len(plant.rejected())


def write_lines(plant: Plant, given: Sequence[Sample]) -> list[str]:
    """Send a few readings and return their lines, in order of the first measurement."""
    plant.send_readings([sample.reading() for sample in given])
    until(lambda: len(plant.lines(READINGS)) == len(given), "the readings are delivered")
    return sorted(plant.lines(READINGS))


def archive_frames(plant: Plant) -> Archived:
    """Three frames of 0.7 MB that do not compress."""
    frames = [random.Random(n).randbytes(FRAME_BYTES) for n in range(FRAMES)]
    plant.put_directly("ArchiveDelivery", frames)

    def look() -> dict[str, bytes] | None:
        objects = {
            key: body
            for key, body in plant.objects("").items()
            if not key.startswith(("telemetry/", "quality/", "models/"))
        }
        return objects if sum(map(len, objects.values())) >= FRAMES * FRAME_BYTES else None

    found = until(look, "all frames are in the archive")
    return Archived(tuple(found), tuple(found.values()), tuple(frames))


def inspect(plant: Plant) -> pa.Table:
    """Put two inspections and read the Parquet that comes of them."""
    plant.put_directly("InspectionDelivery", INSPECTIONS)

    def look() -> pa.Table | None:
        bodies = plant.objects("quality/inspections/").values()
        tables = [pq.read_table(io.BytesIO(body)) for body in bodies]
        rows = sum(len(table) for table in tables)
        return pa.concat_tables(tables) if rows >= len(INSPECTIONS) else None

    return until(look, "the inspections are delivered")


def train_on_placed_lines(plant: Plant, run: str) -> Trained:
    """Train on rows that are put into the bucket, past the streams."""
    to_train, _ = samples()
    half = len(to_train) // 2
    for name, rows in (("a", to_train[:half]), ("b", to_train[half:])):
        body = "".join(sample.line() + "\n" for sample in rows)
        plant.place(f"{READINGS}placed/{name}", body.encode())
    plant.start_training(run)
    return trained(plant, run)


def trained(plant: Plant, run: str) -> Trained:
    """Epochs, hosts and statuses of a job, by its log and DescribeTrainingJob."""
    job = plant.trained(run)
    log = plant.job_log(run)
    epochs = {found[1] for _, line in log if (found := re.search(r"epoch=(\d+)", line))}
    fed = [int(n) for _, line in log for n in re.findall(r"in the first of (\d+) epochs", line)]
    return Trained(
        epochs=len(epochs),
        hosts=frozenset(re.sub(r"^.*/(algo-\d+)-.*$", r"\1", stream) for stream, _ in log),
        statuses=tuple(step["Status"] for step in job["SecondaryStatusTransitions"]),
        streamed_epochs=max(fed, default=0),
    )


def raw_of(error: dict[str, Any]) -> bytes:
    """The record that an error record is about."""
    return base64.b64decode(error["rawData"])
