"""64 clients ask one endpoint for a minute: no error, nobody gets another's answer."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cloud import BenchCloud
from benchmarks.endpoint import BUCKET, serve
from benchmarks.invoking import ENDPOINT, clients_process, echoing
from penstock.localcloud.cloud import LocalCloud
from penstock.localcloud.shims.patches import Patches
from tests.load.figures import latencies_ms, memory_mb, tell

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("load")]

PROCESSES = 2
CLIENTS = 32  # of each process
SECONDS = 60
GROWTH_MB = 100.0  # of the local cloud's process, whatever number of requests it carried


def role(cloud: LocalCloud) -> str:
    """The model's role: it may read the model."""
    iam = cloud.context.clients.deployer("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}}
    made = iam.create_role(
        RoleName="model",
        AssumeRolePolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
        ),
    )
    statements = [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"},
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": "*",
        },
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName="model", PolicyName="model", PolicyDocument=policy)
    return str(made["Role"]["Arn"])


def test_a_minute_of_requests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with LocalCloud(workdir=tmp_path / "cloud") as cloud, ExitStack() as opened:
        bench = BenchCloud(cloud.context, Patches(), role(cloud))
        serve(bench, ENDPOINT, algorithm="linear-learner", model=echoing())
        url = cloud.context.clients.endpoint_url
        processes = [opened.enter_context(clients_process()) for _ in range(PROCESSES)]
        for clients in processes:
            clients.ask(url, clients=CLIENTS, requests=5)  # connections and threads are there
        before_mb = memory_mb()

        def ask(number: int) -> dict[str, Any]:
            return processes[number].ask(url, clients=CLIENTS, seconds=SECONDS)

        with ThreadPoolExecutor(PROCESSES) as asking:
            found = list(asking.map(ask, range(PROCESSES)))
        after_mb = memory_mb()

    seconds = sorted(taken for side in found for taken in side["seconds"])
    errors = [error for side in found for error in side["errors"]]
    tell(
        capsys,
        {
            "name": "endpoint_load",
            "clients": PROCESSES * CLIENTS,
            "seconds": SECONDS,
            "requests": len(seconds),
            "requests_per_second": round(len(seconds) / SECONDS),
            "errors": len(errors),
            "invoke_endpoint_ms": latencies_ms(seconds),
            "memory_mb": {"before": round(before_mb), "after": round(after_mb)},
        },
    )
    assert errors == []
    assert sum(side["mixed_up"] for side in found) == 0
    assert len(seconds) > PROCESSES * CLIENTS * 10
    assert after_mb - before_mb < GROWTH_MB
