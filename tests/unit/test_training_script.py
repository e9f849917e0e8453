"""docs/recordio.md's training script in a container, its channel filled by the training worker."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np

from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.channels import ChannelObjects
from penstock.localcloud.workers.training.fastfile import FastFiles, LeasesError
from penstock.localcloud.workers.training.files import download
from penstock.localcloud.workers.training.job import ChannelReport
from penstock.localcloud.workers.training.layout import HostLayout
from penstock.localcloud.workers.training.pipe import PipeFeeder
from penstock.recordio import write_dense
from penstock.recordio.pipe import MODES
from tests.memory_s3 import MemoryS3

ROOT = Path(__file__).parents[2]
(SCRIPT,) = re.findall(
    r"```python\n(import numpy as np\nfrom penstock\.recordio\.pipe .*?)```",
    (ROOT / "docs" / "recordio.md").read_text(),
    re.S,
)


def objects() -> dict[str, bytes]:
    """Three objects of 1000 rows whose label is 2 a - b."""
    found = {}
    generator = np.random.default_rng(5)
    for number in range(3):
        rows = generator.normal(size=(1000, 2)).astype(np.float32)
        file = io.BytesIO()
        write_dense(file, rows, 2 * rows[:, 0] - rows[:, 1])
        found[f"train/part-{number}.rec"] = file.getvalue()
    return found


def printed_in(mode: str, folder: Path) -> str:
    """What the script prints in a container whose channel has this input mode."""
    s3 = MemoryS3(objects())
    channel = ChannelObjects(
        name="train",
        input_mode=mode,
        content_type="application/x-recordio-protobuf",
        distribution="FullyReplicated",
        record_wrapper="None",
        compression="None",
        shuffle_seed=None,
        prefix=S3Address("b", "train/"),
        objects=tuple(S3Address("b", key, len(s3.objects[key])) for key in sorted(s3.objects)),
    )
    layout = HostLayout(folder)
    layout.create(hyperparameters={}, channels=[channel], host="algo-1", hosts=["algo-1"])
    feeder: PipeFeeder | FastFiles | None = None
    report = ChannelReport("algo-1", "train", mode, "")
    if mode == "Pipe":
        feeder = PipeFeeder(channel, s3, layout.data, report)
    elif mode == "FastFile":
        with suppress(LeasesError):  # the worker downloads them too, where files have no leases
            feeder = FastFiles(channel, s3, layout.data, report)
    if feeder is None:
        download(channel, s3, layout.data)
    else:
        feeder.start()
    try:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "OPT_ML": str(folder), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
    finally:
        if feeder is not None:
            feeder.stop()
            assert feeder.error == ""
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_script_learns_the_same_in_every_mode(tmp_path: Path) -> None:
    printed = {mode: printed_in(mode, tmp_path / mode) for mode in MODES}
    assert set(printed.values()) == {printed["Pipe"]}  # to the last digit
    epochs = re.findall(r"epoch=(\d) rows=3000 mse=(\S+)\n", printed["Pipe"])
    assert [number for number, _ in epochs] == ["0", "1", "2"]
    errors = [float(error) for _, error in epochs]
    assert errors[2] < errors[1] / 5 < errors[0] / 25
