"""What is put under load: the digits pipeline's own ingestion, and an endpoint that echoes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app import CONFIGURATION
from pipelines.registry import load
from pipelines.spec import Deployment, Environment, Stream

SHARDS = 12  # 10,000 records/s need 10; keys spread unevenly


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assembly of digits in dev, with shards enough for the load."""
    from aws_cdk import App

    from stacks.pipeline_stage import PipelineStage

    out = tmp_path_factory.mktemp("assembly")
    context = json.loads(CONFIGURATION.read_text())["context"]
    pipeline = load()["digits"].model_copy(update={"stream": Stream(shards=SHARDS)})
    dev = Environment(name="dev", region="us-east-1")
    deployment = Deployment(pipeline=pipeline, environment=dev)
    app = App(context=context, outdir=str(out), builtin_cloud_formation_validation=False)
    PipelineStage(app, deployment=deployment, allow_data_removal=False)
    app.synth()
    return out / "assembly-digits-dev"
