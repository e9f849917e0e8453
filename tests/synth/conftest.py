"""Synthesizes the app once per variant and session; all synth tests share one process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from app import CONFIGURATION, build_app
from pipelines.registry import load
from pipelines.spec import Capture, Monitor, Pipeline, Retrain
from tests.synth.reading import text

Resource = dict[str, Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker synthesizes, whatever the number of workers: CDK's start is the costly part."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.synth)
            item.add_marker(pytest.mark.xdist_group("synth"))


@dataclass(frozen=True)
class Synthesized:
    """A cloud assembly of one stage: its templates by layer."""

    out: Path
    stage: str

    @cached_property
    def templates(self) -> dict[str, dict[str, Any]]:
        """Every layer's template."""
        found = {}
        manifest = json.loads((self.out / f"assembly-{self.stage}" / "manifest.json").read_text())
        for artifact in manifest["artifacts"].values():
            if artifact["type"] == "aws:cloudformation:stack":
                properties = artifact["properties"]
                path = self.out / f"assembly-{self.stage}" / properties["templateFile"]
                layer = properties["stackName"].removeprefix(f"{self.stage}-")
                found[layer] = json.loads(path.read_text())
        return found

    def resources(self, kind: str, layer: str | None = None) -> dict[str, Resource]:
        """Logical id to resource, of one type such as 'S3::Bucket'."""
        return {
            name: resource
            for key, template in self.templates.items()
            if layer in (None, key)
            for name, resource in template["Resources"].items()
            if resource["Type"] == f"AWS::{kind}"
        }

    def only(self, kind: str, layer: str | None = None) -> dict[str, Any]:
        """The properties of the one resource of its type."""
        (resource,) = self.resources(kind, layer).values()
        properties: dict[str, Any] = resource["Properties"]
        return properties

    def named(self, kind: str, start: str, layer: str | None = None) -> dict[str, Any]:
        """The properties of the one resource of its type whose logical id begins like that."""
        (properties,) = (
            resource["Properties"]
            for name, resource in self.resources(kind, layer).items()
            if name.startswith(start)
        )
        return dict(properties)

    def machine(self, name: str) -> dict[str, Any]:
        """The definition of a state machine, such as 'Training' or 'Deployment'."""
        properties = self.named("StepFunctions::StateMachine", name)
        definition: dict[str, Any] = json.loads(text(properties["DefinitionString"]))
        return definition

    def statements(self, role_start: str) -> list[dict[str, Any]]:
        """The statements of the one role whose logical id begins like that."""
        role = self.named("IAM::Role", role_start)
        assert "ManagedPolicyArns" not in role
        (policy,) = role["Policies"]
        statements: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
        return statements

    def outputs(self, layer: str) -> dict[str, Any]:
        """The outputs that are meant for people, without the exports between stacks."""
        return {
            key: output["Value"]
            for key, output in self.templates[layer]["Outputs"].items()
            if not key.startswith("ExportsOutput")
        }


def with_closed_services(context: dict[str, Any]) -> dict[str, Any]:
    """The context of an account that had Model Monitor before it closed."""
    environments = {
        name: {**settings, "closed_services": ["model-monitor"]}
        for name, settings in context["environments"].items()
    }
    return {**context, "environments": environments}


def watched_by(
    monitor: Monitor | None, retrain: Retrain | None, capture: Capture | None
) -> Pipeline:
    """Digits with other choices of what watches it."""
    digits = load()["digits"]
    serving = digits.serving.model_copy(update={"capture": capture})
    return digits.model_copy(update={"serving": serving, "monitor": monitor, "retrain": retrain})


def synthesized(
    context: dict[str, Any], out: Path, pipeline: Pipeline, environment: str = "dev"
) -> Synthesized:
    """The app as it is built for a changed digits; cdk-nag's findings make it raise."""
    choices = {"pipeline": "digits", "environment": environment}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.load", lambda accelerator: {"digits": pipeline})
        given = {**with_closed_services(context), **choices}
        build_app(given, out=out, validate=False).synth()
    return Synthesized(out=out, stage=f"digits-{environment}")


@pytest.fixture(scope="session")
def context() -> dict[str, Any]:
    """The context of cdk.json."""
    found: dict[str, Any] = json.loads(CONFIGURATION.read_text())["context"]
    return found


@pytest.fixture(scope="session")
def synthesize(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Builds the app with changes to the context, without CDK's own validator."""

    def build(stage: str = "digits-dev", **changes: Any) -> Synthesized:
        out = tmp_path_factory.mktemp("assembly")
        build_app({**context, "pipeline": "digits", **changes}, out=out, validate=False).synth()
        return Synthesized(out=out, stage=stage)

    return build


@pytest.fixture(scope="session")
def dev(synthesize: Any) -> Synthesized:
    """Digits in dev, as in a fresh clone."""
    built: Synthesized = synthesize()
    return built


@pytest.fixture(scope="session")
def prod(synthesize: Any) -> Synthesized:
    """Digits in prod, with a boundary, and with the removal flag, which prod ignores."""
    built: Synthesized = synthesize(
        "digits-prod",
        environment="prod",
        permissions_boundary="workload-boundary",
        allow_data_removal="true",
    )
    return built


@pytest.fixture(scope="session")
def removable(synthesize: Any) -> Synthesized:
    """Digits in dev with both keys that data removal needs."""
    built: Synthesized = synthesize(allow_data_removal="true")
    return built


@pytest.fixture(scope="session")
def watched(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Digits in dev with capture, monitor and retrain as they are by default."""
    pipeline = watched_by(Monitor(), Retrain(), Capture(percentage=100))
    return synthesized(context, tmp_path_factory.mktemp("watched"), pipeline)


@pytest.fixture(scope="session")
def plain(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Digits in dev with nothing that watches."""
    return synthesized(context, tmp_path_factory.mktemp("plain"), watched_by(None, None, None))
