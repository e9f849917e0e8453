"""`make fuzz`: builds the core to be fuzzed, fuzzes for some minutes, and reports what was reached.

What it finds and its corpus lie in build/fuzz; tests/fuzz/corpus holds the few inputs that are kept
as tests (tests/unit/test_recordio_fuzzed.py). `--keep` puts there what reaches most, in few files.
Exit code 1 and the input's path if anything is found; `python -m tests.fuzz.replay FILE` shows it.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
KEPT = HERE / "corpus"
BUILD = ROOT / "build" / "fuzz"
CORPUS, SEEDS = BUILD / "corpus", BUILD / "seeds"
CORE = ROOT / "penstock" / "recordio" / "core.c"
RUNTIME = ROOT / ".venv" / "runtimes" / "fuzz"
PYTHON = RUNTIME / "bin" / "python"
MOST_BYTES = 1024  # of an input: records of every kind, and several of them, are shorter
MOST_SECONDS = 20  # for one input; the usual one takes milliseconds
MOST_MEGABYTES = 256  # in one piece: no small file may ask for more

COMPILE = ["cc", "-std=c11", "-g", "-Wall", "-Wextra", "-Werror", "-fPIC"]
SANITIZED = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
TRACED = ["-fsanitize-coverage=trace-pc,trace-cmp"]


def main() -> None:
    """From the command line."""
    arguments = argparse.ArgumentParser(description="fuzz penstock.recordio")
    arguments.add_argument("--minutes", type=float, default=10)
    arguments.add_argument("--keep", action="store_true", help="renew tests/fuzz/corpus")
    options = arguments.parse_args()
    for folder in (CORPUS, SEEDS, KEPT):
        folder.mkdir(parents=True, exist_ok=True)
    core = _traced_core()
    _run([PYTHON, "-m", "tests.fuzz.seeds", SEEDS])
    limits = [
        f"-timeout={MOST_SECONDS}",
        f"-malloc_limit_mb={MOST_MEGABYTES}",
        "-rss_limit_mb=4096",
    ]
    fuzzer = [PYTHON, "-m", "tests.fuzz.recordio", *limits, f"-artifact_prefix={BUILD}/"]
    time = [f"-max_len={MOST_BYTES}", f"-max_total_time={round(60 * options.minutes)}"]
    found = subprocess.run(
        [*fuzzer, *time, "-print_final_stats=1", CORPUS, KEPT, SEEDS],
        cwd=ROOT, env=_environment(core, mutator=True), check=False,
    )  # fmt: skip
    if found.returncode:
        sys.exit(f"fuzz: something was found, see above; the input is in {BUILD}")
    if options.keep:
        kept = BUILD / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir()
        # by branches, not by how often each is taken: a tenth of the files
        few = ["-set_cover_merge=1", "-use_counters=0"]
        _run([*fuzzer, *few, kept, KEPT, CORPUS, SEEDS], _environment(core, mutator=False))
        shutil.rmtree(KEPT)
        shutil.copytree(kept, KEPT)
    _report()


def _traced_core() -> Path:
    """core.c under the sanitizers, telling libFuzzer which blocks run."""
    _run([*COMPILE, *SANITIZED, *TRACED, "-c", CORE, "-o", BUILD / "core.o"])
    _run([*COMPILE, "-O1", "-c", HERE / "trace_pc.c", "-o", BUILD / "trace_pc.o"])
    library = BUILD / "core.so"
    _run(["cc", "-shared", BUILD / "core.o", BUILD / "trace_pc.o", "-o", library])
    return library


def _environment(core: Path, *, mutator: bool) -> dict[str, str]:
    """libFuzzer and AddressSanitizer are there before Python, and before them what mutates.

    Only Python itself starts with the mutator: merging starts a shell too, and mutates nothing.
    """
    (packages,) = RUNTIME.glob("lib/python*/site-packages")
    first = [packages / "asan_with_fuzzer.so"]
    if mutator:
        first += packages.glob("atheris/custom_mutator.*.so")
    return {
        **os.environ,
        "LD_PRELOAD": " ".join(map(str, first)),
        "ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=16:symbolize=0",
        "PENSTOCK_RECORDIO_CORE": str(core),
    }


def _report() -> None:
    """The lines of the package that the corpus reaches, in Python and in C."""
    counted = BUILD / "core-counted.so"
    for old in BUILD.glob("*.gcd*"):
        old.unlink()
    _run([*COMPILE, "-O0", "--coverage", "-shared", CORE, "-o", counted])
    coverage = [PYTHON, "-m", "coverage"]
    environment = {**os.environ, "PENSTOCK_RECORDIO_CORE": str(counted)}
    environment["COVERAGE_FILE"] = str(BUILD / "coverage")
    replay = ["run", "--branch", "--include=penstock/recordio/*", "-m", "tests.fuzz.replay"]
    _run([*coverage, *replay, CORPUS, KEPT, SEEDS], environment)
    sys.stdout.write(_run([*coverage, "report"], environment))
    (notes,) = BUILD.glob("core-counted*.gcno")
    gcov = _run(["gcov", "--branch-probabilities", "--no-output", notes])
    for line in re.findall(r"^(?:Lines|Taken).*", gcov, re.M)[:2]:
        sys.stdout.write(f"core.c: {line}\n")


def _run(command: list[str | Path], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, text=True, stdout=subprocess.PIPE
    )
    if done.returncode:
        sys.exit(f"fuzz: {' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}")
    return done.stdout


if __name__ == "__main__":
    main()
