"""Deployed functions run their own zip in their own process, as their configuration says."""

from __future__ import annotations

import base64
import io
import itertools
import json
import re
import threading
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from penstock.localcloud.clients import ClientFactory
from penstock.localcloud.clock import SkippingClock
from penstock.localcloud.context import CloudContext
from penstock.localcloud.ledger import Ledger
from penstock.localcloud.server import MotoServer
from penstock.localcloud.shims import functions
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.workers.functions.worker import FunctionsWorker

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("functions-worker")]

NUMBERS = itertools.count()
ROLE = "arn:aws:iam::123456789012:role/function"
SOURCE = """
import json, logging, os, sys, time
calls = 0

def handler(event, context):
    global calls
    calls += 1
    what = event.get("do")
    print("doing", what)
    if what == "raise":
        raise ValueError("no good")
    if what == "exit":
        os._exit(7)
    if what == "sleep":
        time.sleep(event["seconds"])
    if what == "unserializable":
        return {1, 2}
    if what == "big":
        return "x" * event["size"]
    if what == "log":
        logging.getLogger().error("through logging")
    if what == "write":
        open(os.path.join(os.environ["LAMBDA_TASK_ROOT"], "handler.py"), "w").write("x")
    return {
        "calls": calls,
        "pid": os.getpid(),
        "event": event,
        "environment": {k: os.environ.get(k) for k in event.get("names", [])},
        "path": [os.path.exists(os.path.join(p, "penstock")) for p in sys.path],
        "context": {
            "name": context.function_name,
            "memory": context.memory_limit_in_mb,
            "arn": context.invoked_function_arn,
            "request": context.aws_request_id,
            "group": context.log_group_name,
            "left": context.get_remaining_time_in_millis(),
        },
    }

def other(event, context):
    return "the other handler"
"""


def zipped(source: str, name: str = "handler.py") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, source)
    return buffer.getvalue()


class NoEvents:
    def emit(self, **_event: Any) -> None:
        raise AssertionError("functions emit no events")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudContext]:
    server = MotoServer(account_id="123456789012")
    server.start()
    clock = SkippingClock()
    context = CloudContext(
        clients=ClientFactory(endpoint_url=server.endpoint_url, region="us-east-1"),
        clock=clock,
        ledger=Ledger(),
        events=NoEvents(),
        workdir=tmp_path_factory.mktemp("cloud"),
        account_id="123456789012",
        region="us-east-1",
    )
    worker = FunctionsWorker(context)
    patches = Patches()
    functions.install(patches, invoker=worker)
    worker.start()
    context.clients.deployer("iam").create_role(RoleName="function", AssumeRolePolicyDocument="{}")
    yield context
    worker.stop()
    patches.undo()
    clock.close()
    server.stop()
    assert not list((context.workdir).rglob("handler.py"))


@pytest.fixture(scope="module")
def client(cloud: CloudContext) -> Any:
    return cloud.clients.deployer("lambda")


@pytest.fixture
def name(client: Any) -> str:
    name = f"f-{next(NUMBERS)}"
    client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=ROLE,
        Handler="handler.handler",
        Code={"ZipFile": zipped(SOURCE)},
        Timeout=5,
        MemorySize=256,
        Environment={"Variables": {"GREETING": "hello"}},
    )
    return name


def invoke(client: Any, name: str, **event: Any) -> dict[str, Any]:
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event))
    assert "FunctionError" not in answer, answer["Payload"].read()
    document: dict[str, Any] = json.loads(answer["Payload"].read())
    return document


def failure(client: Any, name: str, **event: Any) -> dict[str, Any]:
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event))
    assert answer["FunctionError"] == "Unhandled"
    assert answer["StatusCode"] == 200
    document: dict[str, Any] = json.loads(answer["Payload"].read())
    return document


def log_lines(cloud: CloudContext, group: str) -> list[str]:
    logs = cloud.clients.deployer("logs")
    return [e["message"] for e in logs.filter_log_events(logGroupName=group)["events"]]


def test_the_handler_sees_event_environment_and_context(client: Any, name: str) -> None:
    names = ["GREETING", "AWS_LAMBDA_FUNCTION_NAME", "AWS_ENDPOINT_URL", "TZ", "HOME"]
    answer = invoke(client, name, names=names)
    assert answer["event"]["names"] == names
    environment = answer["environment"]
    assert environment["GREETING"] == "hello"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert environment["TZ"] == ":UTC"
    assert environment["HOME"] is None, "nothing of this machine's environment gets in"
    assert not any(answer["path"]), "nothing of this project can be imported"
    context = answer["context"]
    assert context["name"] == name
    assert context["memory"] == "256"
    assert context["arn"] == f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    assert context["group"] == f"/aws/lambda/{name}"
    assert 3000 < context["left"] <= 5000


def test_it_calls_aws_as_its_own_role(client: Any, cloud: CloudContext) -> None:
    source = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    return boto3.client('sts').get_caller_identity()['Arn']\n"
    )
    client.create_function(
        FunctionName="who",
        Runtime="python3.13",
        Role=ROLE,
        Handler="handler.handler",
        Code={"ZipFile": zipped(source)},
        Timeout=30,
    )
    assert ":assumed-role/function/" in str(invoke(client, "who"))


def test_a_process_stays_warm_until_code_or_configuration_change(client: Any, name: str) -> None:
    first, second = invoke(client, name), invoke(client, name)
    assert (second["pid"], second["calls"]) == (first["pid"], 2)
    client.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"GREETING": "goodbye"}}
    )
    third = invoke(client, name, names=["GREETING"])
    assert third["calls"] == 1
    assert third["pid"] != first["pid"]
    assert third["environment"] == {"GREETING": "goodbye"}
    client.update_function_code(
        FunctionName=name, ZipFile=zipped("def handler(e, c): return {'new': True}")
    )
    assert invoke(client, name) == {"new": True}


def test_another_handler_is_another_answer(client: Any, name: str) -> None:
    client.update_function_configuration(FunctionName=name, Handler="handler.other")
    assert str(invoke(client, name)) == "the other handler"


def test_an_exception_is_the_documented_payload_and_the_process_stays(
    client: Any, name: str
) -> None:
    before = invoke(client, name)["pid"]
    error = failure(client, name, do="raise")
    assert error["errorType"] == "ValueError"
    assert error["errorMessage"] == "no good"
    assert error["requestId"]
    assert 'in handler\n    raise ValueError("no good")' in error["stackTrace"][-1]
    assert not any("bootstrap.py" in frame for frame in error["stackTrace"])
    assert invoke(client, name)["pid"] == before


def test_the_timeout_is_real_and_the_next_call_starts_anew(
    client: Any, cloud: CloudContext, name: str
) -> None:
    client.update_function_configuration(FunctionName=name, Timeout=1)
    before = invoke(client, name)["pid"]
    started = time.monotonic()
    error = failure(client, name, do="sleep", seconds=30)
    assert 0.9 < time.monotonic() - started < 25  # of the 30 that it would sleep
    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert any(
        "Task timed out after 1.00 seconds" in m for m in log_lines(cloud, f"/aws/lambda/{name}")
    )
    assert invoke(client, name)["pid"] != before


def test_a_process_that_exits_is_an_exit_error(client: Any, name: str) -> None:
    error = failure(client, name, do="exit")
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("Runtime exited with error: exit status 7")
    assert invoke(client, name)["calls"] == 1


@pytest.mark.parametrize(
    ("source", "handler", "kind"),
    [
        ("import nothing_like_this", "handler.handler", "Runtime.ImportModuleError"),
        ("def other(e, c): pass", "handler.handler", "Runtime.HandlerNotFound"),
        ("def handler(:", "handler.handler", "Runtime.UserCodeSyntaxError"),
        ("raise KeyError('RECORD_SCHEMA')", "handler.handler", "KeyError"),
        ("def handler(e, c): return {1}", "handler.handler", "Runtime.MarshalError"),
    ],
)
def test_what_cannot_start_or_answer_has_lambdas_name(
    client: Any, name: str, source: str, handler: str, kind: str
) -> None:
    client.update_function_code(FunctionName=name, ZipFile=zipped(source))
    client.update_function_configuration(FunctionName=name, Handler=handler)
    assert failure(client, name)["errorType"] == kind


def test_log_lines_go_to_the_group_and_the_tail_to_the_caller(
    client: Any, cloud: CloudContext, name: str
) -> None:
    answer = client.invoke(FunctionName=name, Payload=json.dumps({"do": "log"}), LogType="Tail")
    request = json.loads(answer["Payload"].read())["context"]["request"]
    lines = log_lines(cloud, f"/aws/lambda/{name}")
    assert lines[0] == f"START RequestId: {request} Version: $LATEST"
    assert lines[1] == "doing log"
    assert lines[2].startswith("[ERROR]\t")
    assert lines[2].endswith(f"\t{request}\tthrough logging")
    assert lines[3] == f"END RequestId: {request}"
    assert lines[4].startswith(f"REPORT RequestId: {request}\tDuration: ")
    assert "\tMemory Size: 256 MB\t" in lines[4]
    assert "\tInit Duration: " in lines[4]
    used = re.search(r"Max Memory Used: (\d+) MB", lines[4])
    assert used is not None
    assert 5 < int(used.group(1)) < 60, "the function's own memory, not this process's"
    assert base64.b64decode(answer["LogResult"]).decode().splitlines() == lines
    assert answer["ExecutedVersion"] == "$LATEST"
    (stream,) = cloud.clients.deployer("logs").describe_log_streams(
        logGroupName=f"/aws/lambda/{name}"
    )["logStreams"]
    assert stream["logStreamName"].startswith(f"{cloud.clock.now():%Y/%m/%d}/[$LATEST]")


def test_the_configured_log_group_is_used(client: Any, cloud: CloudContext) -> None:
    cloud.clients.deployer("logs").create_log_group(logGroupName="/own/group")
    client.create_function(
        FunctionName="own-group",
        Runtime="python3.13",
        Role=ROLE,
        Handler="handler.handler",
        Code={"ZipFile": zipped(SOURCE)},
        LoggingConfig={"LogGroup": "/own/group"},
    )
    assert invoke(client, "own-group")["context"]["group"] == "/own/group"
    assert "doing None" in log_lines(cloud, "/own/group")
    config = client.get_function_configuration(FunctionName="own-group")
    assert config["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/own/group"}


def test_payload_limits(client: Any, name: str) -> None:
    with pytest.raises(ClientError) as refused:
        client.invoke(FunctionName=name, Payload=json.dumps({"x": "x" * 6 * 1024 * 1024}))
    assert refused.value.response["Error"]["Code"] == "RequestTooLargeException"
    assert failure(client, name, do="big", size=6_291_556)["errorType"] == (
        "Function.ResponseSizeTooLarge"
    )
    payload = client.invoke(
        FunctionName=name, Payload=json.dumps({"do": "big", "size": 6_291_000})
    )["Payload"]
    assert len(payload.read()) == 6_291_002


def test_an_event_is_tried_three_times(client: Any, cloud: CloudContext, name: str) -> None:
    answer = client.invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps({"do": "raise"})
    )
    assert answer["StatusCode"] == 202
    deadline = time.monotonic() + 60
    tries = 0
    while tries < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
        try:
            tries = log_lines(cloud, f"/aws/lambda/{name}").count("doing raise")
        except ClientError:  # the group appears with the first line
            continue
    time.sleep(0.6)
    assert log_lines(cloud, f"/aws/lambda/{name}").count("doing raise") == 3


def test_a_dry_run_starts_nothing(client: Any, name: str) -> None:
    answer = client.invoke(FunctionName=name, InvocationType="DryRun", Payload="{}")
    assert answer["StatusCode"] == 204
    assert invoke(client, name)["calls"] == 1


def test_invocations_at_the_same_time_get_their_own_processes(client: Any, name: str) -> None:
    pids: list[int] = []

    def call() -> None:
        pids.append(invoke(client, name, do="sleep", seconds=0.5)["pid"])

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(pids)) == 3


@pytest.mark.parametrize("runtime", ["nodejs22.x", "python3.9"])
def test_a_runtime_that_is_not_here_is_refused_by_name(
    client: Any, name: str, runtime: str
) -> None:
    client.update_function_configuration(FunctionName=name, Runtime=runtime)
    with pytest.raises(ClientError, match=runtime):
        client.invoke(FunctionName=name, Payload="{}")


def test_a_payload_that_is_not_json_is_refused(client: Any, name: str) -> None:
    with pytest.raises(ClientError, match="Could not parse request body into json"):
        client.invoke(FunctionName=name, Payload="{")
