"""`serve`: the trained model behind the hosting contract."""

from __future__ import annotations

import sys

from penstock.localcloud.engines.container.opt_ml import OptMl
from penstock.localcloud.engines.container.serve import serve
from penstock.localcloud.engines.linear_learner.model import LinearModel


def main(opt_ml: OptMl) -> None:
    """Load the model and serve it until SIGTERM; exit code 1 when there is none to load."""
    try:
        model = LinearModel.load(opt_ml.model)
    except (OSError, ValueError) as error:
        print(f"the model cannot be loaded: {error}", flush=True)
        sys.exit(1)
    what = f"linear-learner serves a {model.predictor_type} with {model.features} features"
    serve(model, envelope="predictions", what=what)
