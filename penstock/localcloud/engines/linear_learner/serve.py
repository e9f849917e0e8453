"""`serve`: the trained model behind the hosting contract."""

from __future__ import annotations

from penstock.localcloud.engines.container.opt_ml import OptMl
from penstock.localcloud.engines.container.serve import loaded, serve
from penstock.localcloud.engines.linear_learner.model import LinearModel


def main(opt_ml: OptMl) -> None:
    """Load the model and serve it until SIGTERM; exit code 1 when there is none to load."""
    model = loaded(LinearModel.load, opt_ml)
    what = f"linear-learner serves a {model.predictor_type} with {model.features} features"
    serve(model, envelope="predictions", what=what)
