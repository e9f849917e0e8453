"""Monitor: a data-quality run against whylogs and Evidently, and its memory as the data grows.

Each side is a process of its own that reads the same Parquet file: ours does the whole run
(profile, sketches, check against a baseline), whylogs makes its profile, Evidently its data
summary. What a process takes to start is not counted. `make bench-peers` installs the peers and
runs this, about ten minutes on two cores.

    python -m benchmarks.monitor_peers
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.comparison import compare, say
from benchmarks.monitor import write_folder

ROWS = 1_000_000
MORE_ROWS = 5_000_000
RUNS = 3
RUNTIMES = Path(sys.prefix, "runtimes")
PROGRAMS = Path(__file__).with_name("peers")
PEERS = {
    "whylogs": ("profile_by_whylogs.py", "its profile of the same file"),
    "evidently": ("summary_by_evidently.py", "its data summary of the same file"),
}


@dataclass
class Side:
    """A command that prints rows, seconds, peak_mb (a peer its version too) of a run as JSON."""

    command: list[str | Path]
    seen: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self) -> float:
        """Run it once: the seconds that it took."""
        done = subprocess.run(self.command, check=True, stdout=subprocess.PIPE, text=True)
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        self.seen.append(found)
        return float(found["seconds"])

    @property
    def figures(self) -> dict[str, Any]:
        """The last run's figures; the rate is the median of all but the warm-up."""
        rates = [found["rows"] / found["seconds"] for found in self.seen[1:] or self.seen]
        last = {key: value for key, value in self.seen[-1].items() if key != "seconds"}
        return {**last, "rows_per_second": round(statistics.median(rates))}


def main() -> None:
    """Print a comparison with each peer, then the memory at both sizes."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rows", type=int, default=ROWS)
    arguments.add_argument("--more-rows", type=int, default=MORE_ROWS)
    arguments.add_argument("--runs", type=int, default=RUNS)
    given = arguments.parse_args()
    missing = [peer for peer in PEERS if not _python(peer).exists()]
    if missing:
        raise SystemExit(f"not installed: {', '.join(missing)}; run `make bench-peers`")
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as name:
        folder = Path(name)
        for label, rows in (("some", given.rows), ("more", given.more_rows)):
            say(f"monitor: writing {rows} rows")
            (folder / label).mkdir()
            write_folder(folder / label, rows)
        for peer in PEERS:
            _compare(peer, folder / "some", given.runs)
        figures = []
        for label in ("some", "more"):
            side = _ours(folder / label)
            side()
            figures.append(side.figures)
        found = {"name": "monitor-memory", "what": "penstock.monitor, one run", "runs": figures}
        sys.stdout.write(json.dumps(found) + "\n")


def _ours(folder: Path) -> Side:
    return Side([sys.executable, "-m", "benchmarks.monitor", "--folder-only", folder])


def _python(peer: str) -> Path:
    return RUNTIMES / f"bench-{peer}" / "bin" / "python"


def _compare(peer: str, folder: Path, runs: int) -> None:
    program, does = PEERS[peer]
    subject = _ours(folder)
    against = Side([_python(peer), PROGRAMS / program, folder / "data.parquet"])
    comparison = compare(
        f"monitor-{peer}",
        what="penstock.monitor: read, profile, check against a baseline",
        baseline=f"{peer}: {does}",
        subject=subject,
        against=against,
        runs=runs,
        details={},
    )
    details = {"subject": subject.figures, "baseline": against.figures}
    replace(comparison, details=details).print()


if __name__ == "__main__":
    main()
