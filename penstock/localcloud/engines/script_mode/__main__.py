"""`python -m penstock.localcloud.engines.script_mode train|serve`, as in `docker run`."""

import sys

from penstock.localcloud.engines.container.program import run

run("penstock.localcloud.engines.script_mode", sys.argv[1:], single_threaded=False)
