"""whylogs: a profile of a Parquet file, read by pandas, as its documentation shows it.

    python profile_by_whylogs.py FILE

Runs in whylogs' own environment; prints rows, seconds, peak MB and the version as JSON.
"""

import json
import resource
import sys
import time

import pandas as pd  # type: ignore[import-untyped]
import whylogs  # type: ignore[import-not-found]

if __name__ == "__main__":
    started = time.perf_counter()
    frame = pd.read_parquet(sys.argv[1])
    columns = whylogs.log(pandas=frame).view().to_pandas()
    taken = time.perf_counter() - started
    if len(columns) != len(frame.columns):
        raise RuntimeError(f"{len(columns)} columns were profiled")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"rows": len(frame), "seconds": taken, "peak_mb": round(peak)}
    sys.stdout.write(json.dumps({**found, "version": whylogs.__version__}) + "\n")
