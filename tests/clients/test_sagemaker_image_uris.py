"""The URIs that the SageMaker SDK 2 resolves are those that are recorded, in every region it knows.

What is recorded is what tests/unit/test_catalog_images.py compares the catalog with. The SDK is in
an environment of its own, which `make clients` installs; without it this test is skipped.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.runtime

PYTHON = Path(sys.prefix, "runtimes", "sagemaker-sdk2", "bin", "python")
PROGRAM = Path(__file__).with_name("programs") / "resolve_image_uris.py"
RECORDED = Path(__file__).with_name("recorded") / "sagemaker_image_uris.json"


@pytest.mark.skipif(not PYTHON.exists(), reason="needs the SageMaker SDK 2: `make clients`")
def test_the_sdk_resolves_what_is_recorded(tmp_path: Path) -> None:
    recorded = json.loads(RECORDED.read_text("utf-8"))["uris"]
    found = tmp_path / "uris.json"
    subprocess.run([PYTHON, PROGRAM, found, *recorded], capture_output=True, check=True)
    assert json.loads(found.read_text("utf-8"))["uris"] == recorded
