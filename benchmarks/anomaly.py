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

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from benchmarks.cloud import bench_cloud
from benchmarks.comparison import compare, seconds
from benchmarks.lambda_bill import Bill
from benchmarks.random_cut_forest import fit
from benchmarks.random_cut_forest import series as daily_wave
from benchmarks.scored_stream import MEMORY_MB, ScoredStream, record

BATCHES = (20, 200)
SERIES = 16
POINTS = 150  # of each series in each run
WINDOW_POINTS = 8
TREES = 100
SAMPLES_PER_TREE = 256
RUNS = 3
TRAIN_ROWS = 30_000


def main() -> None:
    """Print a comparison for each batch size, with the function's cost."""
    model = fit(daily_wave(TRAIN_ROWS, WINDOW_POINTS), TREES, SAMPLES_PER_TREE)
    values = daily_wave(POINTS, SERIES).astype(float)  # a column for each series
    # every run has series of its own, so that no point is taken for a duplicate
    names = [
        [f"{batch}-{run}-{number}" for number in range(SERIES)]
        for batch in BATCHES
        for run in range(RUNS + 1)
    ]
    windows = in_order(values)
    with bench_cloud() as cloud, ExitStack() as workers:
        stream = ScoredStream(
            cloud,
            workers,
            model=model,
            window_points=WINDOW_POINTS,
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
                    for number, row in enumerate(values)
                    for name, value in zip(run, row, strict=True)
                ]
                taken, billed = stream.score(records, len(windows))
                bills.append(Bill(len(records), MEMORY_MB, billed))
                return taken

            def bare(batch: int = batch) -> float:
                return seconds(
                    lambda: [
                        model.scores(windows[start : start + batch])
                        for start in range(0, len(windows), batch)
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
                "records": SERIES * POINTS,
                "scored": len(windows),
                "series": SERIES,
                "window_points": WINDOW_POINTS,
                "trees": TREES,
                "samples_per_tree": SAMPLES_PER_TREE,
                "batch_records": batch,
                "shards": 1,
                "records_per_second": round(SERIES * POINTS / float(np.median(taken))),
                "scored_per_second": round(len(windows) / float(np.median(taken))),
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


def in_order(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The windows of (points, series), in the order in which their last points are sent."""
    windows = sliding_window_view(values, WINDOW_POINTS, axis=0)
    return windows.reshape(-1, WINDOW_POINTS)


if __name__ == "__main__":
    main()
