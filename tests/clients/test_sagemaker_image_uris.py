"""The URIs that the SageMaker SDK 2 resolves are those that are recorded, in every region it knows.

What is recorded is what the catalog is compared with in tests/unit, test_catalog_images.py and
test_catalog_frameworks.py. The SDK is in an environment of its own, which `make clients` installs;
without it these tests are skipped.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.runtime

PYTHON = Path(sys.prefix, "runtimes", "sagemaker-sdk2", "bin", "python")
HERE = Path(__file__).parent


@pytest.mark.skipif(not PYTHON.exists(), reason="needs the SageMaker SDK 2: `make clients`")
@pytest.mark.parametrize(
    ("program", "file"),
    [
        ("resolve_image_uris.py", "sagemaker_image_uris.json"),
        ("resolve_framework_uris.py", "sagemaker_framework_uris.json"),
    ],
)
def test_the_sdk_resolves_what_is_recorded(program: str, file: str, tmp_path: Path) -> None:
    recorded = json.loads((HERE / "recorded" / file).read_text("utf-8"))["uris"]
    found = tmp_path / "uris.json"
    command = [PYTHON, HERE / "programs" / program, found, *recorded]
    subprocess.run(command, capture_output=True, check=True)
    assert json.loads(found.read_text("utf-8"))["uris"] == recorded
