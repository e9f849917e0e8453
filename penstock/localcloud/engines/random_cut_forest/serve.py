"""`serve`: the trained forest behind the hosting contract."""

from __future__ import annotations

from penstock.localcloud.engines.container.opt_ml import OptMl
from penstock.localcloud.engines.container.serve import loaded, serve
from penstock.localcloud.engines.random_cut_forest.model import ForestModel


def main(opt_ml: OptMl) -> None:
    """Load the model and serve it until SIGTERM; exit code 1 when there is none to load."""
    model = loaded(ForestModel.load, opt_ml)
    # the trees grow before the first ping is answered, not with the first request
    what = f"randomcutforest serves {len(model.trees)} trees for {model.features} features"
    serve(model, envelope="scores", what=what)
