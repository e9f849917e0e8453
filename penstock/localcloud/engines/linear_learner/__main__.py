"""`python -m penstock.localcloud.engines.linear_learner train|serve`, as in `docker run`."""

import sys

from penstock.localcloud.engines.container.program import run

run("penstock.localcloud.engines.linear_learner", sys.argv[1:])
