"""Evidently: the data summary of a Parquet file, read by pandas, as its documentation shows it.

    python summary_by_evidently.py FILE

Runs in Evidently's own environment; prints rows, seconds, peak MB and the version as JSON.
"""

import json
import resource
import sys
import time

import evidently  # type: ignore[import-not-found]
import pandas as pd  # type: ignore[import-untyped]
from evidently.presets import DataSummaryPreset  # type: ignore[import-not-found]

if __name__ == "__main__":
    started = time.perf_counter()
    frame = pd.read_parquet(sys.argv[1])
    data = evidently.Dataset.from_pandas(frame, data_definition=evidently.DataDefinition())
    summary = evidently.Report([DataSummaryPreset()]).run(data, None).dict()
    taken = time.perf_counter() - started
    if len(summary["metrics"]) < len(frame.columns):
        raise RuntimeError(f"{len(summary['metrics'])} metrics were computed")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"rows": len(frame), "seconds": taken, "peak_mb": round(peak)}
    sys.stdout.write(json.dumps({**found, "version": evidently.__version__}) + "\n")
