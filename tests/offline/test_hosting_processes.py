"""What a model's process is given and when it ends: credentials, isolation, replacement."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.engines import registry
from penstock.localcloud.engines.engine import Engine
from tests.offline.sagemaker_lab import SageMakerLab

pytestmark = pytest.mark.offline

IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/mirror:1"
MIRROR = """
import http.server, json, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(b"")
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(json.dumps({"pid": os.getpid(), "environment": dict(os.environ)}).encode())
    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers(); self.wfile.write(body)
    def log_message(self, *args):
        pass
port = int(os.environ["SAGEMAKER_BIND_TO_PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def lab(bare_cloud: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SageMakerLab]:
    """Hosting with one more image, whose program answers with its process id and environment."""
    script = tmp_path / "mirror.py"
    script.write_text(MIRROR)

    class Mirror(Engine):
        def command(self, verb: str) -> list[str]:
            return [sys.executable, str(script), verb]

    engines = (*registry.ENGINES, Mirror("mirror", "mirror", "mirror", "a test"))
    monkeypatch.setattr(registry.find_engine, "__defaults__", (engines,))
    laboratory = SageMakerLab(bare_cloud)
    yield laboratory
    laboratory.close()


def configure(lab: SageMakerLab, name: str, *, isolated: bool) -> None:
    lab.api.create_model(
        ModelName=name,
        ExecutionRoleArn=lab.cloud.role_arn,
        PrimaryContainer={"Image": IMAGE, "Environment": {"OWN": "1"}},
        EnableNetworkIsolation=isolated,
    )
    variant = {
        "VariantName": "main",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    lab.api.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])


def looked_at(lab: SageMakerLab, endpoint: str) -> dict[str, Any]:
    """The process behind the endpoint, in its own words."""
    assert lab.settled(endpoint)["EndpointStatus"] == "InService"
    answer = lab.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"who are you")
    words: dict[str, Any] = json.loads(answer["Body"].read())
    return words


def test_an_isolated_model_has_no_credentials_and_no_way_to_the_api(lab: SageMakerLab) -> None:
    configure(lab, "alone", isolated=True)
    lab.api.create_endpoint(EndpointName="alone", EndpointConfigName="alone")
    environment = looked_at(lab, "alone")["environment"]
    assert environment["OWN"] == "1"
    assert {name for name in environment if name.startswith("AWS_")} == {"AWS_REGION"}
    assert lab.cloud.context.clients.endpoint_url not in environment.values()


def test_another_model_has_the_credentials_of_its_own_role(lab: SageMakerLab) -> None:
    configure(lab, "open", isolated=False)
    lab.api.create_endpoint(EndpointName="open", EndpointConfigName="open")
    environment = looked_at(lab, "open")["environment"]
    clients = lab.cloud.context.clients
    model = lab.api.describe_model(ModelName="open")["ModelArn"]
    own = clients.credentials(lab.cloud.role_arn, by="sagemaker.amazonaws.com", source_arn=model)
    assert environment["AWS_ACCESS_KEY_ID"] == own["AccessKeyId"]
    assert environment["AWS_SESSION_TOKEN"] == own["SessionToken"]
    assert environment["AWS_ENDPOINT_URL"] == clients.endpoint_url


def test_the_replaced_models_process_ends_once_the_new_one_serves(lab: SageMakerLab) -> None:
    for name in ("first", "second"):
        configure(lab, name, isolated=True)
    lab.api.create_endpoint(EndpointName="e", EndpointConfigName="first")
    first = looked_at(lab, "e")["pid"]
    lab.api.update_endpoint(EndpointName="e", EndpointConfigName="second")
    second = looked_at(lab, "e")["pid"]
    assert second != first
    end = time.monotonic() + 60
    while Path(f"/proc/{first}").exists():
        assert time.monotonic() < end, "the first model's process still runs"
        time.sleep(0.05)
    assert Path(f"/proc/{second}").exists()
