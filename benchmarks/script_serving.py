"""A script's endpoint: InvokeEndpoint for one review, against calling its program directly."""

from __future__ import annotations

import io
import json
import random
import statistics
import subprocess
import tarfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.cloud import bench_cloud
from benchmarks.comparison import compare, say
from benchmarks.endpoint import deploy, host
from penstock.localcloud.runtimes import torch_python

ROOT = Path(__file__).parents[1]
WORDS, LETTERS = 400, "aehilnorst"
# layers, hidden size, requests of a run: what runs on this machine train, and DistilBERT's own
SIZES = {"small": (2, 64, 50), "distilbert": (6, 768, 5)}
RUNS = 7
JSON = "application/json"


def main() -> None:
    """Print a comparison of medians for each size."""
    chance = random.Random(5)  # noqa: S311
    known = ["".join(chance.choices(LETTERS, k=5)) for _ in range(200)]
    body = json.dumps({"text": " ".join(chance.choices(known, k=WORDS))})
    for size, (layers, hidden, requests) in SIZES.items():
        with bench_cloud() as cloud, ExitStack() as opened:
            folder = cloud.context.workdir / "reviews"
            folder.mkdir()
            (folder / "request.json").write_text(body)
            direct = opened.enter_context(_direct(folder, layers, hidden))
            host(cloud, opened)
            deploy(cloud, size, "huggingface-pytorch-inference", _archive(folder / "model"))
            runtime = cloud.client("sagemaker-runtime")

            def invoke(
                endpoint: str = size, runtime: object = runtime, count: int = requests
            ) -> float:
                took = []
                for _ in range(count):
                    started = time.perf_counter()
                    answer = runtime.invoke_endpoint(  # type: ignore[attr-defined]
                        EndpointName=endpoint, ContentType=JSON, Accept=JSON, Body=body
                    )
                    answer["Body"].read()
                    took.append(time.perf_counter() - started)
                return statistics.median(took)

            def call(program: subprocess.Popen[str] = direct, count: int = requests) -> float:
                return _asked(program, f"{count}\n")

            compare(
                f"script_serving_{size}",
                what="boto3's InvokeEndpoint of one review, the median of a run",
                baseline="transform_fn of the same program, in a process of its own",
                subject=invoke,
                against=call,
                runs=RUNS,
                details={
                    "requests_per_run": requests,
                    "clients": 1,
                    "words": WORDS,
                    "layers": layers,
                    "hidden_size": hidden,
                },
            ).print()


def _direct(folder: Path, layers: int, hidden: int) -> subprocess.Popen[str]:
    say("the model is made")
    program = subprocess.Popen(
        [
            *(str(torch_python()), "-m", "benchmarks.script_direct", str(folder)),
            *(str(layers), str(hidden), str(folder / "request.json")),
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    if program.stdout.readline() != "ready\n":
        raise RuntimeError("the program could not make its model")
    return program


def _asked(program: subprocess.Popen[str], line: str) -> float:
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(line)
    program.stdin.flush()
    return float(program.stdout.readline())


def _archive(folder: Path) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz", compresslevel=1) as tar:
        tar.add(folder, arcname=".")
    return archive.getvalue()


if __name__ == "__main__":
    main()
