"""A whole run: whose processor time it is. Ours, or the JVM's, Node's, and moto's start.

    python -m benchmarks.run_share [PIPELINE]

The command runs in a process of its own; its children's times are read from /proc while they live,
so what a process does in its last instants is missing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.comparison import say

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("app.py", "cdk.json", "pipelines", "stacks", "lambda", "jobs", "penstock")
LOOK_SECONDS = 0.05
TICKS = os.sysconf("SC_CLK_TCK")
STARTS = 3
# the first that fits a command line names its process
KINDS = (
    ("JVM: Spark", "/java "),
    ("Node: CDK's synth", "/node "),
    ("Python: CDK's synth", "app.py"),
    ("stand-ins for images", "penstock.localcloud.engines"),
    ("functions", "workers/functions"),
    ("Python in Spark", "/runtimes/glue"),
)
OURS = "local cloud, scenario, command"


def main() -> None:
    """Print one JSON object: wall seconds, processor seconds by kind, and shares."""
    pipeline = (*sys.argv[1:], "digits")[0]
    say("run_share: moto's start")
    moto = _start_of_moto()
    say(f"run_share: penstock run {pipeline}")
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as folder:
        for part in PARTS:
            Path(folder, part).symlink_to(ROOT / part)
        wall_seconds, by_kind = _watch(pipeline, Path(folder))
    by_kind[OURS] -= moto
    by_kind["moto's import"] = moto
    total = sum(by_kind.values())
    found = {
        "name": "run_share",
        "what": f"processor time of `penstock run {pipeline}`",
        "wall_seconds": round(wall_seconds, 1),
        "processor_seconds": round(total, 1),
        "seconds": {kind: round(taken, 1) for kind, taken in sorted(by_kind.items())},
        "share": {kind: round(taken / total, 3) for kind, taken in sorted(by_kind.items())},
    }
    sys.stdout.write(json.dumps(found) + "\n")


def _start_of_moto() -> float:
    """Processor seconds of importing the server and its services, the least of a few."""
    program = (
        "import time, moto.moto_server.werkzeug_app, moto.backends as b;"
        "from penstock.localcloud import cloud; print(time.process_time())"
    )
    bare = "import time, boto3; print(time.process_time())"

    def least(text: str) -> float:
        command = [sys.executable, "-c", text]
        return min(float(subprocess.check_output(command)) for _ in range(STARTS))

    return least(program) - least(bare)


def _watch(pipeline: str, folder: Path) -> tuple[float, dict[str, float]]:
    command = [str(Path(sys.prefix, "bin", "penstock")), "run", pipeline]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    seen: dict[int, tuple[str, float]] = {}
    started = time.monotonic()
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            _look(process.pid, seen)
            time.sleep(LOOK_SECONDS)
        if process.returncode:
            raise SystemExit(f"penstock run {pipeline} failed: exit code {process.returncode}")
    wall_seconds = time.monotonic() - started
    by_kind: dict[str, float] = defaultdict(float)
    for kind, taken in seen.values():
        by_kind[kind] += taken
    return wall_seconds, by_kind


def _look(root: int, seen: dict[int, tuple[str, float]]) -> None:
    """Note the processor time of the process and of all that came from it."""
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        try:
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            words = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while it was looked at; its last figures stay
        # one that has ended and is not yet waited for has its times and no words any more
        known = seen.get(pid, ("other", 0.0))[0]
        kind = OURS if pid == root else _kind(words) if words else known
        seen[pid] = (kind, (int(stat[11]) + int(stat[12])) / TICKS)


def _kind(words: str) -> str:
    for kind, mark in KINDS:
        if mark in words:
            return kind
    return "other"


if __name__ == "__main__":
    main()
