"""`python -m penstock.localcloud.engines.linear_learner train|serve`, as in `docker run`."""

from __future__ import annotations

import os
import sys

from penstock.localcloud.engines import lifeline
from penstock.localcloud.engines.linear_learner.opt_ml import OptMl

USAGE = "usage: python -m penstock.localcloud.engines.linear_learner train|serve"


def main(arguments: list[str]) -> None:
    """Run the verb; each imports only what it needs, so that serving starts fast."""
    # small matrices: more threads only wait for each other (read when numpy is imported)
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    lifeline.hold()
    if arguments == ["train"]:
        from penstock.localcloud.engines.linear_learner import train

        train.main(OptMl.from_environment())
    elif arguments == ["serve"]:
        from penstock.localcloud.engines.linear_learner import serve

        serve.main(OptMl.from_environment())
    else:
        sys.exit(USAGE)


main(sys.argv[1:])
