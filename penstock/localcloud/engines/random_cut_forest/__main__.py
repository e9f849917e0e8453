"""`python -m penstock.localcloud.engines.random_cut_forest train|serve`, as in `docker run`."""

import sys

from penstock.localcloud.engines.container.program import run

run("penstock.localcloud.engines.random_cut_forest", sys.argv[1:])
