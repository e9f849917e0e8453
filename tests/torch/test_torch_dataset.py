"""A channel as a PyTorch data set: every record once, whoever reads, in every mode."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: run make test-torch")

from penstock.recordio import write_csr, write_dense  # noqa: E402
from penstock.recordio.pipe import MODES, ChannelError  # noqa: E402
from penstock.recordio.torch_dataset import ChannelDataset  # noqa: E402
from tests.training_container import Container  # noqa: E402

WIDTH = 6
pytestmark = [
    pytest.mark.filterwarnings("error"),
    pytest.mark.filterwarnings("default:channel train is in Pipe mode"),
    pytest.mark.filterwarnings("default:This DataLoader will create"),  # more than processors
    pytest.mark.filterwarnings("default:Sparse invariant checks"),  # torch's own, from a worker
]


def encoded(first: int, count: int, dtype: str = "float32") -> bytes:
    file = io.BytesIO()
    labels = np.arange(first, first + count)
    write_dense(file, (labels[:, None] + np.arange(WIDTH) / 8).astype(dtype), labels)
    return file.getvalue()


def five_files() -> dict[str, bytes]:
    return {f"part-{number}.rec": encoded(number * 30, 30) for number in range(5)}


def loader(dataset: ChannelDataset, workers: int, **options: Any) -> Any:
    return torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=workers, **options)


def labels_of(batches: Any) -> list[int]:
    return sorted(int(label) for _, y in batches for label in y)


@pytest.mark.parametrize("workers", [0, 1, 2, 8])  # 8: fewer files than workers
@pytest.mark.parametrize("mode", MODES)
def test_every_epoch_has_every_record_once(mode: str, workers: int, tmp_path: Path) -> None:
    root = Container(tmp_path, mode, five_files()).root
    batches = loader(ChannelDataset("train", 7, opt_ml=root), workers)
    for _ in range(3):
        found = list(batches)
        assert labels_of(found) == list(range(150))
        for x, y in found:
            assert torch.equal(x, y[:, None] + torch.arange(WIDTH) / 8)


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_an_epoch_can_be_left_early(mode: str, persistent: bool, tmp_path: Path) -> None:
    root = Container(tmp_path, mode, {"a.rec": encoded(0, 100_000)}).root
    batches = loader(ChannelDataset("train", 5000, opt_ml=root), 1, persistent_workers=persistent)
    for _ in range(3):
        for _, y in batches:
            assert y.tolist() == list(range(5000))
            break
    assert len(labels_of(batches)) == 100_000


def test_an_epoch_that_was_left_is_not_opened_again(tmp_path: Path) -> None:
    container = Container(tmp_path, "Pipe")
    for name in ("train_0", "train_1"):
        os.mkfifo(container.data / name)

    def feed() -> None:
        with (container.data / "train_0").open("wb") as first:
            first.write(encoded(0, 100))
            first.flush()  # and it stays open: this feeder notices nothing for long
            (container.data / "train_1").write_bytes(encoded(100, 100))

    threading.Thread(target=feed, daemon=True).start()
    batches = loader(ChannelDataset("train", 10, opt_ml=container.root), 1, timeout=30)
    for first in (0, 100):
        for _, y in batches:
            assert y.tolist() == list(range(first, first + 10))
            break


def test_workers_may_be_new_processes_altogether(tmp_path: Path) -> None:
    root = Container(tmp_path, "Pipe", five_files()).root
    dataset = ChannelDataset("train", 7, opt_ml=root)
    batches = loader(dataset, 1, multiprocessing_context="spawn")
    for _ in range(2):
        assert labels_of(batches) == list(range(150))


def test_what_was_read_before_is_not_read_again_by_a_worker(tmp_path: Path) -> None:
    from penstock.recordio.pipe import open_channel

    root = Container(tmp_path, "Pipe", {"a.rec": encoded(0, 100_000)}).root
    x, _ = next(open_channel("train", opt_ml=root).batches(1))  # to see how wide rows are
    assert x.shape == (1, WIDTH)
    dataset = ChannelDataset("train", 1000, opt_ml=root)
    assert labels_of(loader(dataset, 1)) == labels_of(loader(dataset, 0)) == list(range(100_000))


@pytest.mark.parametrize("workers", [0, 3])
@pytest.mark.parametrize("world_size", [2, 3])
def test_processes_of_a_host_share_its_files(world_size: int, workers: int, tmp_path: Path) -> None:
    root = Container(tmp_path, "FastFile", five_files()).root
    found = [
        labels_of(
            loader(
                ChannelDataset("train", 4, rank=rank, world_size=world_size, opt_ml=root), workers
            )
        )
        for rank in range(world_size)
    ]
    assert all(found)
    assert sorted(label for labels in found for label in labels) == list(range(150))


def test_processes_cannot_share_a_fifo(tmp_path: Path) -> None:
    root = Container(tmp_path, "Pipe", five_files()).root
    with pytest.raises(ChannelError, match=r"cannot be shared by 2 processes. Use FastFile"):
        ChannelDataset("train", 4, rank=0, world_size=2, opt_ml=root)
    with pytest.raises(ChannelError, match="rank is 2 of 2 processes, expected 0 to 1"):
        ChannelDataset("train", 4, rank=2, world_size=2, opt_ml=root)


def test_workers_without_work_are_spoken_of_once(tmp_path: Path) -> None:
    root = Container(tmp_path, "Pipe", five_files()).root
    program = f"""
from torch.utils.data import DataLoader
from penstock.recordio.torch_dataset import ChannelDataset
batches = DataLoader(ChannelDataset("train", 50, opt_ml={str(root)!r}), None, num_workers=3)
for _ in range(3):
    print(sum(len(y) for _, y in batches))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split() == ["150"] * 3
    assert done.stderr.count("worker 0 of 3 reads it, the others have nothing to do") == 1


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_types_are_kept(dtype: str, tmp_path: Path) -> None:
    root = Container(tmp_path, "File", {"a.rec": encoded(0, 40, dtype)}).root
    for x, y in ChannelDataset("train", 16, opt_ml=root):
        assert str(x.dtype) == f"torch.{dtype}"
        assert torch.equal(x, (y[:, None] + torch.arange(WIDTH) / 8).to(x.dtype))
        assert y.is_contiguous()


def test_dense_rows_stay_where_they_were_read(tmp_path: Path) -> None:
    root = Container(tmp_path, "File", {"a.rec": encoded(0, 40)}).root
    record_values = len(encoded(0, 1)) // 4
    x, _ = next(iter(ChannelDataset("train", 16, opt_ml=root)))
    assert x.stride() == (record_values, 1)
    assert x.contiguous().stride() == (WIDTH, 1)
    x *= 2  # writable: nobody else looks at these bytes
    assert x[1, 0] == 2


@pytest.mark.parametrize("workers", [0, 2])
def test_sparse_rows_are_csr_tensors(workers: int, tmp_path: Path) -> None:
    from scipy.sparse import random_array

    rows = random_array((50, 30), density=0.2, format="csr", dtype=np.float32, rng=1)
    file = io.BytesIO()
    write_csr(file, rows, np.arange(50))
    root = Container(tmp_path, "File", {"a.rec": file.getvalue()}).root
    for x, y in loader(ChannelDataset("train", 8, opt_ml=root), workers):
        assert x.layout == torch.sparse_csr
        assert np.array_equal(x.to_dense().numpy(), rows.toarray()[y.int().numpy()])


def test_keys_out_of_order_or_twice_are_put_in_order(tmp_path: Path) -> None:
    from scipy.sparse import csr_matrix

    twice = csr_matrix((np.float32([1, 2, 4]), np.int32([3, 0, 3]), np.int32([0, 3])), (1, 4))
    file = io.BytesIO()
    write_csr(file, twice)
    root = Container(tmp_path, "File", {"a.rec": file.getvalue()}).root
    ((x, y),) = ChannelDataset("train", 8, opt_ml=root)
    assert y is None
    assert x.col_indices().tolist() == [0, 3]
    assert x.to_dense().tolist() == [[2, 0, 0, 5]]


def test_an_error_in_a_worker_names_channel_record_and_byte(tmp_path: Path) -> None:
    root = Container(tmp_path, "Pipe", {"a.rec": encoded(0, 10)[:-1]}).root
    place = 9 * len(encoded(0, 1))
    said = rf"RecordIOError: channel train, epoch 0, record 9 at byte {place}: .* ends"
    with pytest.raises(RuntimeError, match=said):
        list(loader(ChannelDataset("train", 4, opt_ml=root), 1))
