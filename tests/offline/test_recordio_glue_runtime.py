"""The codec gives the same bytes and rows on Glue's own Python and numpy, without scipy."""

import io
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import penstock
from penstock.localcloud.runtimes import glue_runtime
from penstock.recordio import Reader, write_csr, write_dense

pytestmark = [pytest.mark.offline, pytest.mark.runtime]

PROGRAM = """
import sys, io, numpy as np
from penstock.recordio import Reader, count_records, write_csr, write_dense

class Rows:
    indptr, indices = np.array([0, 2, 2]), np.array([1, 300])
    data, shape = np.array([1, -2], np.int32), (2, 301)

assert np.__version__ == "2.3.4", np.__version__
assert "scipy" not in sys.modules
file = io.BytesIO()
for dtype in (np.float32, np.float64, np.int32):
    write_dense(file, np.arange(-6, 6).reshape(4, 3).astype(dtype), [0, 1, 2, 3])
    if dtype is np.float32:
        batches = Reader(io.BytesIO(file.getvalue())).batches(3)
        assert [(x.shape, y.tolist()) for x, y in batches] == [((3, 3), [0, 1, 2]), ((1, 3), [3])]
assert count_records(io.BytesIO(file.getvalue())) == 12
write_csr(file, Rows(), [1, 2])
sys.stdout.buffer.write(file.getvalue())
"""


def test_glues_numpy_writes_the_same_bytes() -> None:
    class Rows:
        indptr, indices = np.array([0, 2, 2]), np.array([1, 300])
        data, shape = np.array([1, -2], np.int32), (2, 301)

    expected = io.BytesIO()
    for dtype in (np.float32, np.float64, np.int32):
        write_dense(expected, np.arange(-6, 6).reshape(4, 3).astype(dtype), [0, 1, 2, 3])
    write_csr(expected, Rows(), [1, 2])
    environment = {"PYTHONPATH": str(Path(penstock.__file__).parent.parent)}
    done = subprocess.run(
        [glue_runtime("5.1").python, "-c", PROGRAM],
        env={**environment, "PATH": os.environ["PATH"]},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == expected.getvalue()
    assert len(list(Reader(io.BytesIO(done.stdout)))) == 14
