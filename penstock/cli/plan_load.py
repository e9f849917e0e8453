"""The load of a plan: what the command was given, and what the description says otherwise."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from penstock.catalog.facts import in_words
from penstock.catalog.limits import limit
from penstock.cli.errors import UsageError
from penstock.cli.known import find_the_project
from penstock.planner.figure import Figure
from penstock.planner.load import Load

if TYPE_CHECKING:
    from pipelines.spec import Environment, Pipeline

GIVEN = "given"  # why a number of the load is what it is, where the command line has it
_KB_PER_KIB = 1.024


@dataclass(frozen=True)
class PlannedLoad:
    """A load, and where each of its numbers comes from."""

    load: Load
    figures: tuple[Figure, ...]


def load_of(
    pipeline: Pipeline,
    *,
    records_per_second: float | None,
    record_kb: float | None,
    consumers: int | None,
) -> PlannedLoad:
    """The load that was asked for; None stands for what the description says.

    It knows the largest record, who reads the stream, and what its shards bear together; on
    demand, what a new stream takes.

    Raises:
        UsageError: nothing can flow like that, or the delivery does not take records of that size.
    """
    positive("--records-per-second", records_per_second)
    positive("--record-kb", record_kb)
    if consumers is not None and consumers < 1:
        raise UsageError(f"--consumers {consumers}: the delivery reads, so use 1 or more")
    largest_kb = (limit("firehose.record_kb").maximum or 0) * _KB_PER_KIB
    if record_kb is not None and record_kb > largest_kb:
        rule = limit("firehose.record_kb")
        raise UsageError(
            f"--record-kb {record_kb:g}: {rule.rule} ({rule.citation}); use {largest_kb:g} or less"
        )
    said = {}
    if record_kb is None:
        largest = pipeline.record_schema.record_kb
        record_kb = round(largest * _KB_PER_KIB, 3)
        said["record_kb"] = (
            f"record_schema.record_kb: {largest} KiB, the largest record; "
            "give the mean with --record-kb"
        )
    if consumers is None:
        consumers = 1 if pipeline.scoring is None else 2
        said["consumers"] = (
            "the delivery to the lake" if consumers == 1 else "the delivery and the scorer"
        )
    if records_per_second is None:
        shards = pipeline.stream.shards
        if shards is None:
            start = limit("kinesis.on_demand_start_kb").maximum or 0
            records_per_second = round(start / record_kb, 3)
            said["records_per_second"] = (
                f"on demand: a new stream takes {in_words(start)} KB/s; "
                "give yours with --records-per-second"
            )
        else:
            # rounded up it would be more than they bear
            records_per_second = math.floor(borne_by(shards, record_kb, consumers) * 1000) / 1000
            said["records_per_second"] = (
                f"stream.shards: {shards} bear so many; give yours with --records-per-second"
            )
    load = Load(records_per_second, record_kb, consumers)
    units = {"records_per_second": "records/s", "record_kb": "KB", "consumers": "consumers"}
    return PlannedLoad(
        load,
        tuple(
            Figure(f"load.{name}", getattr(load, name), unit, said.get(name, GIVEN))
            for name, unit in units.items()
        ),
    )


def positive(option: str, value: float | None) -> float | None:
    """The value, if it is one that can flow. UsageError if not."""
    if value is not None and not (math.isfinite(value) and value > 0):
        raise UsageError(f"{option} {value:g}: it must be a number above 0")
    return value


def borne_by(shards: int, record_kb: float, consumers: int) -> float:
    """The records per second that so many shards bear."""
    return shards * min(
        limit("kinesis.shard_incoming_records").maximum or 0,
        (limit("kinesis.shard_incoming_kb").maximum or 0) / record_kb,
        (limit("kinesis.shard_outgoing_kb").maximum or 0) / (record_kb * consumers),
    )


def environment_of(name: str) -> Environment:
    """One of cdk.json's environments. UsageError if there is no such one, or if it is refused."""
    try:
        context = json.loads(Path("cdk.json").read_text(encoding="utf-8")).get("context", {})
        known: dict[str, dict[str, Any]] = context.get("environments", {})
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(
            "no readable cdk.json in this folder: run penstock in the project's"
        ) from (error)
    if name not in known:
        raise UsageError(f"unknown environment {name}: choose one of {', '.join(known)}")
    find_the_project()
    from pipelines.spec import Environment, refusal_lines

    try:
        return Environment.model_validate({**known[name], "name": name})
    except ValidationError as error:
        raise UsageError(refusal_lines(error)[0]) from error


def served_share(environment: Environment) -> float:
    """The share of a month in which there is an endpoint, as the environment's switch has it."""
    switch = environment.serving_switch
    return 1 if switch is None else switch.served_share
