"""Penstock: machine-learning pipelines on AWS as code, deployable and running offline."""
