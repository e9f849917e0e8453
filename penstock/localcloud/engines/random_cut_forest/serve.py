"""`serve`: the trained forest behind the hosting contract."""

from __future__ import annotations

import sys

from penstock.localcloud.engines.container.opt_ml import OptMl
from penstock.localcloud.engines.container.serve import serve
from penstock.localcloud.engines.random_cut_forest.model import ForestModel


def main(opt_ml: OptMl) -> None:
    """Load the model and serve it until SIGTERM; exit code 1 when there is none to load."""
    try:
        model = ForestModel.load(opt_ml.model)
    except (OSError, ValueError) as error:
        print(f"the model cannot be loaded: {error}", flush=True)
        sys.exit(1)
    # the trees grow before the first ping is answered, not with the first request
    what = f"randomcutforest serves {len(model.trees)} trees for {model.features} features"
    serve(model, envelope="scores", what=what)
