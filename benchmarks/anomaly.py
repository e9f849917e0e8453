"""Scores of a stream as it flows: the whole path against the bare scores of the same windows.

Records per second from PutRecords until the scores are in S3, and what the function costs per
million records, for small and for large batches. Function, endpoint and cloud share this machine:
the billed durations are those of the function's own process here, its waiting for the endpoint
and for the local cloud's API included, not Lambda's. Its starts are not in them.

    python -m benchmarks.anomaly
"""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from benchmarks.cloud import bench_cloud
from benchmarks.comparison import compare, seconds
from benchmarks.lambda_bill import Bill
from benchmarks.random_cut_forest import fit
from benchmarks.random_cut_forest import series as daily_wave
from benchmarks.scored_stream import MEMORY_MB, ScoredStream, record
from penstock.series import Row, rows_of

BATCHES = (20, 200)
SERIES = 16
POINTS = 100  # of each series in each run, after those that fill its first window
WINDOW_POINTS = 36
ROW: Row = "deviation"
TREES = 100
SAMPLES_PER_TREE = 256
RUNS = 3
TRAIN_ROWS = 30_000


def main() -> None:
    """Print a comparison for each batch size, with the function's cost."""
    model = fit(rows_in_order(daily_wave(TRAIN_ROWS, 1)), TREES, SAMPLES_PER_TREE)
    values = daily_wave(WINDOW_POINTS - 1 + POINTS, SERIES).astype(float)  # a column a series
    rows = rows_in_order(values)
    # every run has series of its own, so that no point is taken for a duplicate
    names = [
        [f"{batch}-{run}-{number}" for number in range(SERIES)]
        for batch in BATCHES
        for run in range(RUNS + 1)
    ]
    with bench_cloud() as cloud, ExitStack() as workers:
        stream = ScoredStream(
            cloud,
            workers,
            model=model,
            window_points=WINDOW_POINTS,
            row=ROW,
            series=list(itertools.chain.from_iterable(names)),
        )
        unused = iter(names)
        for batch in BATCHES:
            stream.map(batch)
            bills: list[Bill] = []

            def flow(bills: list[Bill] = bills) -> float:
                run = next(unused)
                records = [
                    record(name, number, float(value))
                    for number, points in enumerate(values)
                    for name, value in zip(run, points, strict=True)
                ]
                first = len(records) - len(rows)
                stream.score(records[:first], scored=0)
                taken, billed = stream.score(records[first:], scored=len(rows))
                bills.append(Bill(len(rows), MEMORY_MB, billed))
                return taken

            def bare(batch: int = batch) -> float:
                return seconds(
                    lambda: [
                        model.scores(rows[start : start + batch])
                        for start in range(0, len(rows), batch)
                    ]
                )

            comparison = compare(
                f"anomaly-{batch}",
                what="PutRecords until the points' scores are in S3: mapping, scoring function, "
                "endpoint, DynamoDB, Firehose",
                baseline="the forest's scores of the same windows in this process",
                subject=flow,
                against=bare,
                runs=RUNS,
                details={},
            )
            taken = [pair[0] for pair in comparison.pairs]
            details = {
                "records": len(rows),
                "series": SERIES,
                "window_points": WINDOW_POINTS,
                "row": ROW,
                "trees": TREES,
                "samples_per_tree": SAMPLES_PER_TREE,
                "batch_records": batch,
                "shards": 1,
                "records_per_second": round(len(rows) / float(np.median(taken))),
                "memory_mb": MEMORY_MB,
                # the first pair was a warm-up
                "billed_ms_per_invocation": round(
                    float(np.median([np.mean(bill.invocations_ms) for bill in bills[1:]])), 1
                ),
                "gb_seconds_per_million": round(
                    float(np.median([bill.gb_seconds for bill in bills[1:]])), 1
                ),
                "invocations_per_million": round(
                    float(np.median([bill.invocations for bill in bills[1:]]))
                ),
                "includes": "0.25 s of quiet before the clock skips the buffer's interval",
            }
            replace(comparison, details=details).print()


def rows_in_order(values: NDArray[Any]) -> NDArray[np.float32]:
    """The rows of (points, series), in the order in which their windows' last points are sent."""
    windows = sliding_window_view(values, WINDOW_POINTS, axis=0)  # (ends, series, points)
    return rows_of(windows.reshape(-1, WINDOW_POINTS, 1).astype(float), ROW)


if __name__ == "__main__":
    main()
