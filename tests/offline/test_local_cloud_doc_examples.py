"""The examples of docs/local-cloud.md work as they are printed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.cloud import LocalCloud
from penstock.localcloud.cloudformation import registry

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("doc-examples")]
ROOT = Path(__file__).parents[2]


def example(heading: str) -> str:
    text = (ROOT / "docs" / "local-cloud.md").read_text()
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    (block,) = re.findall(r"```python\n(.*?)```", section, re.S)
    return str(block)


def assembly(folder: Path, stack: str, template: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{stack}.template.json").write_text(json.dumps(template))
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": f"{stack}.template.json"},
    }
    manifest = {"version": "55.0.0", "artifacts": {stack: artifact}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_an_app_of_ones_own_runs_as_the_page_says(tmp_path: Path) -> None:
    template = {
        "Resources": {"Sensors": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}}},
        "Outputs": {"Feed": {"Value": {"Ref": "Sensors"}}},
    }
    assembly(tmp_path / "cdk.out", "PlantTelemetry", template)
    done = subprocess.run(
        [sys.executable, "-c", example("Run your own app")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "PlantTelemetry started",
        "PlantTelemetry deployed",
        "live AWS::Kinesis::Stream PlantTelemetry/Sensors ",
    ]


@pytest.fixture
def with_dashboards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    names: dict[str, Any] = {}
    exec(example("Adding a resource type"), names)  # the page's own words
    monkeypatch.setattr(registry, "ALL", (*registry.ALL, names["Dashboard"]))
    registry._by_type.cache_clear()
    yield
    monkeypatch.undo()
    registry._by_type.cache_clear()


@pytest.mark.usefixtures("with_dashboards")
def test_the_resource_type_of_the_page_is_created_changed_and_deleted(tmp_path: Path) -> None:
    def dashboard(title: str) -> dict[str, Any]:
        properties = {"DashboardBody": json.dumps({"widgets": [], "title": title})}
        return {
            "Resources": {"D": {"Type": "AWS::CloudWatch::Dashboard", "Properties": properties}}
        }

    def titles(cloudwatch: Any) -> list[str]:
        return [
            json.loads(
                cloudwatch.get_dashboard(DashboardName=one["DashboardName"])["DashboardBody"]
            )["title"]
            for one in cloudwatch.list_dashboards()["DashboardEntries"]
        ]

    folder = tmp_path / "cdk.out"
    keeper = {"Type": "AWS::SQS::Queue"}
    with LocalCloud(workdir=tmp_path / "cloud") as cloud:
        cloudwatch = cloud.context.clients.deployer("cloudwatch")
        cloud.deploy(assembly(folder, "Boards", dashboard("first")))
        assert titles(cloudwatch) == ["first"]
        cloud.deploy(assembly(folder, "Boards", dashboard("second")))
        assert titles(cloudwatch) == ["second"]
        cloud.deploy(assembly(folder, "Boards", {"Resources": {"Queue": keeper}}))
        assert titles(cloudwatch) == []
