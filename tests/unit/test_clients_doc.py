"""docs/clients.md names the versions that the tests run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "clients.md").read_text()
ROWS = dict(re.findall(r"^\| ([^|]+) \| ([0-9.]+) \|", PAGE, re.M))


@pytest.mark.parametrize(
    ("client", "package", "lock"),
    [
        ("boto3", "boto3", "clients"),
        ("AWS CLI", "awscli", "clients"),
        ("awswrangler", "awswrangler", "clients"),
        ("SageMaker Python SDK", "sagemaker", "clients"),
        ("Apache Spark", "pyspark", "glue-5.1"),
    ],
)
def test_the_version_is_the_locked_one(client: str, package: str, lock: str) -> None:
    locked = (ROOT / "requirements" / f"{lock}.txt").read_text()
    assert re.search(rf"^{package}=={re.escape(ROWS[client])}\b", locked, re.M)


def test_every_row_is_held() -> None:
    assert len(ROWS) == 5
