"""docs/recordio.md's PyTorch script: the same in every mode."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: run make test-torch")

from penstock.recordio import write_dense
from penstock.recordio.pipe import MODES
from tests.training_container import Container

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "recordio.md").read_text()


@pytest.mark.parametrize("mode", MODES)
def test_the_script_learns(mode: str, tmp_path: Path) -> None:
    (script,) = re.findall(r"```python torch\n(.*?)```", PAGE, re.S)
    rows = np.random.default_rng(5).normal(size=(20_000, 2)).astype(np.float32)
    file = io.BytesIO()
    write_dense(file, rows, 2 * rows[:, 0] - rows[:, 1])
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", script],
        env={
            **os.environ,
            "OPT_ML": str(Container(tmp_path, mode, {"a.rec": file.getvalue()}).root),
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    losses = re.findall(r"epoch=\d loss=(\S+)\n", done.stdout)
    assert len(losses) == 3
    assert float(losses[-1]) < 1e-3
