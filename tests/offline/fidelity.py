"""Deploys the templates of docs/fidelity.md, reads them back, and writes the page.

`python -m tests.offline.fidelity` (`make fidelity`).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from app import CONFIGURATION, build_app
from penstock.localcloud import cloud as local
from penstock.localcloud.roundtrip.page import page
from penstock.localcloud.roundtrip.stacks import ResourceResult, read_back
from pipelines.registry import load
from pipelines.spec import Canary, Capture, Monitor, Pipeline, Serving, Spot, Training, Variant
from tests.assemblies import write_assembly
from tests.foreign.assembly import synthesize
from tests.offline.cloudformation_full import full
from tests.offline.cloudformation_lab import ScriptedHosting

PAGE = Path(__file__).parents[2] / "docs" / "fidelity.md"
IMAGE = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"


class QuietHosting(ScriptedHosting):
    """Endpoints come into service without containers: no model is trained for this page."""

    def __init__(self, context: object) -> None:
        super().__init__()

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        """Nothing to stop."""

    def invoke(self, *request: Any) -> Any:
        raise AssertionError("nobody asks for an inference here")


@contextmanager
def clouds() -> Iterator[Path]:
    """A folder for assemblies and clouds; hosting is quiet meanwhile."""
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(local, "HostingWorker", QuietHosting),
    ):
        yield Path(folder)


def deployments() -> dict[str, list[ResourceResult]]:
    """What was read back, by the name that the page gives to the templates."""
    with clouds() as folder:
        return {
            "every pipeline in dev, serving a model": _read(
                folder, synthesized(folder / "pipelines", load()), models=load()
            ),
            "digits with a canary, two variants, spot, Model Monitor and a budget": _read(
                folder, synthesized(folder / "chosen", {"digits": chosen()}), models=("digits",)
            ),
            "the app in tests/foreign": _read(folder, synthesize(folder / "foreign")),
            "every property that the local cloud takes": _read(folder, _full(folder / "full")),
        }


def chosen() -> Pipeline:
    """Digits with what else a description may ask for."""
    digits = load()["digits"]
    serving = {
        "instance_count": 4,
        "volume_gb": 50,
        "others": (
            Variant(name="larger", instance_type="ml.c5.xlarge", instance_count=2, weight=0.5),
        ),
        "capture": Capture(percentage=100),
        "canary": Canary(percentage=25, bake_minutes=10, rollback_at_errors=3),
    }
    changes = {
        "training": Training(
            **{**dict(digits.training), "spot": Spot(max_wait_minutes=180, checkpoints=True)}
        ),
        "serving": Serving(**{**dict(digits.serving), **serving}),
        "monitor": Monitor(engine="model-monitor", every_hours=6),
        "retrain": None,
    }
    return Pipeline(**{**dict(digits), **changes})


def synthesized(out: Path, pipelines: dict[str, Pipeline]) -> Path:
    """The app with these pipelines, in a dev that had Model Monitor and has a budget."""
    context = json.loads(CONFIGURATION.read_text())["context"]
    dev = context["environments"]["dev"]
    dev["closed_services"] = ["model-monitor"]
    dev["budget"] = {"monthly_usd": 200, "alert_at_percent": [50, 100]}
    with patch("app.load", lambda accelerator: pipelines):
        build_app(context, out=out, validate=False).synth()
    return out


def _full(out: Path) -> Path:
    unbound = "aws://unknown-account/unknown-region"
    return write_assembly(out, {"Full": full()}, environment=unbound)


def _read(folder: Path, assembly: Path, models: Sequence[str] = ()) -> list[ResourceResult]:
    workdir = folder / f"cloud-{assembly.name}"
    with local.LocalCloud.for_assembly(assembly, workdir=workdir) as cloud:
        found = read_back(cloud.context, cloud.deploy(assembly))
        for pipeline in models:
            _approve(cloud, pipeline)
        if models:
            cloud.deploy(assembly)
            found += read_back(cloud.context, [f"{name}-dev-serving" for name in models])
        # of what was read twice, the later word
        return list({result.resource: result for result in found}.values())


def _approve(cloud: local.LocalCloud, pipeline: str) -> None:
    """A model package, and the parameter by which the serving stack finds it."""
    sagemaker = cloud.context.clients.deployer("sagemaker")
    package = sagemaker.create_model_package(
        ModelPackageGroupName=f"{pipeline}-dev",
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://models/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )
    cloud.context.clients.deployer("ssm").put_parameter(
        Name=f"/penstock/{pipeline}/dev/model-package-arn",
        Value=package["ModelPackageArn"],
        Type="String",
        Overwrite=True,
    )


if __name__ == "__main__":
    PAGE.write_text(page(deployments()), encoding="utf-8")
