"""`python -m <package> train|serve`, as in `docker run <image> train`."""

from __future__ import annotations

import importlib
import os
import sys

from penstock.localcloud.engines.container.opt_ml import OptMl

VERBS = ("train", "serve")


def run(package: str, arguments: list[str], *, single_threaded: bool = True) -> None:
    """Run `main` of the package's module of that name; each imports only what it needs."""
    if single_threaded:
        # small matrices: more threads only wait for each other (read when numpy is imported)
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ.setdefault(variable, "1")
    else:
        # beside other work on two cores a step took 622 ms with threads that spin while they
        # wait and 258 ms with threads that sleep; alone 177 and 181
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if len(arguments) != 1 or arguments[0] not in VERBS:
        sys.exit(f"usage: python -m {package} {'|'.join(VERBS)}")
    importlib.import_module(f"{package}.{arguments[0]}").main(OptMl.from_environment())
