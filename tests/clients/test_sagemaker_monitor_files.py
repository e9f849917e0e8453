"""The SageMaker SDK's readers of Model Monitor's files take ours, and we take what they write.

SDK 2 has them in sagemaker.model_monitor, SDK 3 in sagemaker.core.model_monitor. Each runs in an
environment of its own, which `make test-clients` installs; without it these tests are skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from penstock.localcloud.context import CloudContext
from penstock.monitor import Baseline, Outcome, Profile, check
from tests.offline.bare_cloud import running_server

pytestmark = [pytest.mark.runtime, pytest.mark.xdist_group("sagemaker-monitor-files")]

PROGRAM = Path(__file__).with_name("programs") / "read_monitor_files.py"
RUNTIMES = Path(sys.prefix, "runtimes")
SDKS = {
    "sagemaker.model_monitor": RUNTIMES / "sagemaker-sdk2",
    "sagemaker.core.model_monitor": RUNTIMES / "clients",
}
BUCKET = "reports"
PREFIX = f"s3://{BUCKET}/check/"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudContext]:
    with running_server(tmp_path_factory.mktemp("cloud")) as context:
        context.clients.deployer("s3").create_bucket(Bucket=BUCKET)
        yield context


def profile_of(*, shift: float, towns: list[str]) -> Profile:
    generator = np.random.default_rng(3)
    columns = {
        "age": pa.array(generator.integers(18, 90, 1000)),
        "income": pa.array(generator.normal(shift, 1, 1000), mask=generator.random(1000) < 0.1),
        "debt": pa.array(generator.normal(shift, 1, 1000)),
        "town": pa.array(generator.choice(towns, 1000)),
    }
    return Profile.of([pa.record_batch(columns)])


BASELINE = Baseline.of(profile_of(shift=0, towns=["Oslo", "Rome"]))
DRIFTED = profile_of(shift=5, towns=["Oslo", "Kyiv"])


def found(outcome: Outcome) -> set[tuple[str, str]]:
    return {(v.feature_name, v.constraint_check_type) for v in outcome.findings.violations}


@pytest.fixture(scope="module", params=SDKS)
def read(
    request: pytest.FixtureRequest,
    server: CloudContext,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """What the SDK read of the files of one check, in a folder and in a bucket."""
    python = SDKS[request.param] / "bin" / "python"
    if not python.exists():
        pytest.skip(f"{python.parents[1].name} is not installed: run `make test-clients`")
    folder = tmp_path_factory.mktemp("files")
    files = {**check(DRIFTED, BASELINE).files(), **BASELINE.files()}
    for name, content in files.items():
        (folder / name).write_bytes(content)
        server.clients.deployer("s3").put_object(Bucket=BUCKET, Key=f"check/{name}", Body=content)
    done = subprocess.run(
        [python, PROGRAM, request.param, folder, PREFIX, "income"],
        env={
            **os.environ,
            "AWS_ENDPOINT_URL": server.clients.endpoint_url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": server.region,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout[done.stdout.index('{"statistics.json"') :])
    return {**answer, "files": files}


@pytest.mark.parametrize(
    "name", ["statistics.json", "constraints.json", "constraint_violations.json"]
)
def test_each_file_is_read_from_a_path_and_from_a_bucket(read: dict[str, Any], name: str) -> None:
    ours = json.loads(read["files"][name])
    assert read[name] == [ours, ours]


def test_a_feature_that_the_sdk_switches_off_is_no_longer_checked(
    read: dict[str, Any], server: CloudContext
) -> None:
    before = found(check(DRIFTED, BASELINE))
    assert {
        ("income", "baseline_drift_check"),
        ("debt", "baseline_drift_check"),
        ("town", "categorical_values_check"),
    } <= before
    key = read["saved"].removeprefix(f"s3://{BUCKET}/")
    edited = server.clients.deployer("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    after = found(check(DRIFTED, Baseline(BASELINE.statistics, json.loads(edited))))
    assert after == {violation for violation in before if violation[0] != "income"}
