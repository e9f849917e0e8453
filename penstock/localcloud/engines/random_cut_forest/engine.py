"""The description of the engine that stands in for the randomcutforest image."""

from __future__ import annotations

from penstock.localcloud.engines.engine import Engine, MetricDefinition
from penstock.localcloud.engines.random_cut_forest import NAME

# test:f1 is the one name that is published (SageMaker developer guide, random-cut-forest-tuning)
RANDOM_CUT_FOREST = Engine(
    name=NAME,
    repository=NAME,
    module="penstock.localcloud.engines.random_cut_forest",
    by="rcf3 (random cut trees in Rust, each on its part of a reservoir sample) behind "
    "randomcutforest's contract",
    metric_definitions=(
        MetricDefinition("test:f1", r"#test_score \(algo-1\) : \('f1', ([-+0-9.eE]+)\)"),
    ),
)
