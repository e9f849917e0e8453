"""Coverage-guided fuzzing of penstock.recordio: its Python, its numpy code and its compiled core.

    make fuzz              ten minutes
    make fuzz MINUTES=60

atheris (libFuzzer) sees which branches of the Python code an input takes, and by trace_pc.c those
of core.c, which runs under AddressSanitizer and UndefinedBehaviorSanitizer. tests.fuzz.oracle says
what must hold of every input. The arguments are libFuzzer's.
"""

from __future__ import annotations

import sys

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["penstock.recordio"]):
    from penstock.recordio import core
    from tests.fuzz.mutations import mutate
    from tests.fuzz.oracle import check


def _mutate(data: bytes, most: int, seed: int) -> bytes:
    return mutate(data, most, seed, atheris.Mutate)


def main() -> None:
    """Until libFuzzer ends the process."""
    compiled = core.compiled
    if compiled is None:
        raise RuntimeError(f"set {core.LIBRARY_VARIABLE} to the core that is to be fuzzed")
    # merging starts this again, by a shell
    arguments = [f"{sys.executable} -m tests.fuzz.recordio", *sys.argv[1:]]
    atheris.Setup(arguments, lambda d: check(d, compiled, quick=True), custom_mutator=_mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
