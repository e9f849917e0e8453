"""A training script's channels: the same batches in every mode, epoch after epoch."""

from __future__ import annotations

import io
import os
import pickle
import re
import subprocess
import sys
import threading
import time
from importlib import import_module
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from penstock.recordio import RecordIOError, write_csr, write_dense, write_records
from penstock.recordio.frame import frame
from penstock.recordio.pipe import MODES, ChannelError, open_channel
from penstock.recordio.tensor import Record, Tensor
from tests.training_container import Container

WIDTH = 5


def rows_from(first: int, count: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    labels = np.arange(first, first + count, dtype=np.float32)
    return labels[:, None] + np.arange(WIDTH, dtype=np.float32) / 8, labels


def encoded(first: int, count: int) -> bytes:
    file = io.BytesIO()
    write_dense(file, *rows_from(first, count))
    return file.getvalue()


# in the order of the keys: "-" comes before "/"
THREE = {"a-1.rec": encoded(0, 7), "a/2.rec": encoded(7, 4), "b.rec": encoded(11, 9)}
EVERY_LABEL = list(range(20))


def labels_of(batches: object) -> list[int]:
    return [int(label) for _, y in batches for label in y]  # type: ignore[attr-defined]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_gives_the_same_batches_in_every_epoch(mode: str, tmp_path: Path) -> None:
    channel = open_channel("train", opt_ml=Container(tmp_path, mode, THREE).root)
    for _ in range(3):
        batches = list(channel.batches(6))
        assert [len(y) for _, y in batches] == [6, 6, 6, 2]  # whatever the files' ends
        assert np.array_equal(np.concatenate([x for x, _ in batches]), rows_from(0, 20)[0])
        assert labels_of(batches) == EVERY_LABEL


@pytest.mark.parametrize("mode", MODES)
def test_epochs_can_be_read_left_early_or_not_be_read(mode: str, tmp_path: Path) -> None:
    # far more than a pipe holds, so that the feeder is in the middle when the reader leaves
    container = Container(tmp_path, mode, {"a.rec": encoded(0, 200_000)})
    channel = open_channel("train", opt_ml=container.root)
    first = []
    for number, batches in enumerate(channel.epochs(5, 1000)):
        if number != 2:
            first.append(next(iter(batches))[1][0])
    assert first == [0.0] * 4
    assert channel.epoch == 4
    assert sum(len(y) for _, y in channel.batches(1000)) == 200_000


def test_asking_for_a_channel_again_goes_on_with_its_next_epoch(tmp_path: Path) -> None:
    root = Container(tmp_path, "Pipe", {"a.rec": encoded(0, 100_000)}).root
    for _ in range(20):
        assert next(open_channel("train", opt_ml=root).batches(10))[1][0] == 0
    assert labels_of(open_channel("train", opt_ml=root).batches(1000)) == list(range(100_000))


def test_an_epoch_that_another_process_has_read_is_not_waited_for(tmp_path: Path) -> None:
    root = Container(tmp_path, "Pipe", THREE).root
    program = (
        "from penstock.recordio.pipe import open_channel\n"
        f"print(sum(len(y) for _, y in open_channel('train', opt_ml={str(root)!r}).batches(3)))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert done.stdout.split() == [b"20"]
    while (root / "input/data/train_0").exists():
        time.sleep(0.001)  # the feeder tidies up after the reader's end of file
    channel = open_channel("train", opt_ml=root)
    assert labels_of(channel.batches(3)) == EVERY_LABEL
    assert channel.epoch == 2


def test_a_fifo_has_one_reader(tmp_path: Path) -> None:
    container = Container(tmp_path, "Pipe", {"a.rec": encoded(0, 100_000)})
    channel = open_channel("train", opt_ml=container.root)
    batches = channel.batches(10)
    next(batches)
    program = (
        "from penstock.recordio.pipe import open_channel\n"
        f"next(open_channel('train', opt_ml={str(container.root)!r}).batches(3))"
    )
    second = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "ChannelError: train_0 is being read already" in second.stderr
    assert sum(len(y) for _, y in batches) == 100_000 - 10


def test_a_fifo_is_waited_for(tmp_path: Path) -> None:
    container = Container(tmp_path, "Pipe")
    channel = open_channel("train", opt_ml=container.root)
    found: list[int] = []
    reader = threading.Thread(target=lambda: found.extend(labels_of(channel.batches(3))))
    reader.start()
    time.sleep(0.05)
    os.mkfifo(container.data / "train_0")
    with (container.data / "train_0").open("wb") as fifo:
        fifo.write(encoded(0, 4))
    reader.join(timeout=30)
    assert found == [0, 1, 2, 3]


def test_an_epoch_ends_where_the_next_one_begins(tmp_path: Path) -> None:
    container = Container(tmp_path, "Pipe", {"a.rec": encoded(0, 200_000)})
    channel = open_channel("train", opt_ml=container.root)
    left = channel.batches(10)
    next(left)
    assert next(channel.batches(10))[1][0] == 0
    with pytest.raises(ChannelError, match="epoch 0 was left when a later one began"):
        list(left)


def test_sparse_rows_come_as_csr(tmp_path: Path) -> None:
    from scipy.sparse import csr_matrix

    file = io.BytesIO()
    write_csr(file, csr_matrix(np.eye(4, dtype=np.float32)), np.arange(4))
    channel = open_channel("train", opt_ml=Container(tmp_path, "Pipe", {"a": file.getvalue()}).root)
    ((x, y),) = channel.batches(10)
    assert np.array_equal(x.toarray(), np.eye(4))
    assert y.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("mode", MODES)
def test_records_and_wrapped_objects_come_one_by_one(mode: str, tmp_path: Path) -> None:
    file = io.BytesIO()
    write_records(file, [Record(features={"source": Tensor(np.array([4, 5]))}, uid="x")])
    protobuf = Container(tmp_path / "protobuf", mode, {"a": file.getvalue()})
    (record,) = open_channel("train", opt_ml=protobuf.root).records()
    assert record.uid == "x"
    wrapped = Container(
        tmp_path / "wrapped", mode, {"a": frame(b"one") + frame(b""), "b": frame(b"2")}
    )
    channel = open_channel("train", opt_ml=wrapped.root)
    assert list(channel.payloads()) == list(channel.payloads()) == [b"one", b"", b"2"]


@pytest.mark.parametrize("mode", MODES)
def test_any_bytes_can_be_read_line_by_line(mode: str, tmp_path: Path) -> None:
    container = Container(tmp_path, mode, {"a.csv": b"1,2\n3,4\n", "b.csv": b"5,6\n"})
    channel = open_channel("train", opt_ml=container.root)
    for _ in range(2):
        lines = [line for stream in channel.streams() for line in stream]
        assert lines == [b"1,2\n", b"3,4\n", b"5,6\n"]


@pytest.mark.parametrize("mode", ["File", "FastFile"])
@pytest.mark.parametrize("processes", [2, 3, 4, 7])
def test_processes_share_files_or_batches(mode: str, processes: int, tmp_path: Path) -> None:
    channel = open_channel("train", opt_ml=Container(tmp_path, mode, THREE).root)
    shares = [
        labels_of(channel.batches(2, rank=rank, world_size=processes)) for rank in range(processes)
    ]
    assert sorted(label for share in shares for label in share) == EVERY_LABEL
    assert all(shares)


def test_a_fifo_is_not_shared(tmp_path: Path) -> None:
    channel = open_channel("train", opt_ml=Container(tmp_path, "Pipe", THREE).root)
    with pytest.raises(ChannelError, match=r"Pipe mode, and a FIFO has one reader.* FastFile"):
        next(channel.batches(2, rank=1, world_size=2))
    assert labels_of(channel.batches(2)) == EVERY_LABEL  # nothing is lost by it


def test_a_host_without_objects_has_no_records(tmp_path: Path) -> None:
    container = Container(tmp_path, "File")
    (container.data / "train").mkdir()
    assert list(open_channel("train", opt_ml=container.root).batches(10)) == []


@pytest.mark.parametrize("mode", MODES)
def test_an_error_names_channel_epoch_record_and_byte(mode: str, tmp_path: Path) -> None:
    broken = {**THREE, "b.rec": encoded(11, 9)[:-3]}
    channel = open_channel("train", opt_ml=Container(tmp_path, mode, broken).root)
    stride = len(encoded(0, 1))
    for epoch in range(2):
        with pytest.raises(RecordIOError) as caught:
            list(channel.batches(4))
        assert str(caught.value).startswith(
            f"channel train, epoch {epoch}, record 19 at byte {19 * stride}: "
        )
        assert "the stream ends inside a record" in str(caught.value)
        assert ("in file b.rec, record 8 at byte" in str(caught.value)) == (mode != "Pipe")


def test_an_error_travels_between_processes(tmp_path: Path) -> None:
    channel = open_channel("train", opt_ml=Container(tmp_path, "File", {"a": b"no record"}).root)
    with pytest.raises(RecordIOError) as caught:
        list(channel.batches(4))
    arrived = pickle.loads(pickle.dumps(caught.value))
    assert (str(arrived), arrived.record, arrived.offset) == (str(caught.value), 0, 0)


def test_a_file_that_ends_inside_a_record_is_the_one_that_is_named(tmp_path: Path) -> None:
    for cut in range(1, len(encoded(0, 1))):
        broken = {**THREE, "a/2.rec": THREE["a/2.rec"][:-cut]}
        container = Container(tmp_path / str(cut), "File", broken)
        with pytest.raises(RecordIOError, match=r"in file 2\.rec, record 3 at byte .*ends inside"):
            list(open_channel("train", opt_ml=container.root).batches(4))


def test_a_wrong_record_in_the_middle_is_found_in_its_file(tmp_path: Path) -> None:
    file = io.BytesIO()
    write_records(file, [Record(features={"source": Tensor(np.array([4]))})])
    container = Container(tmp_path, "File", {**THREE, "b.rec": encoded(11, 2) + file.getvalue()})
    place = 2 * len(encoded(0, 1))
    with pytest.raises(
        RecordIOError, match=rf"record 13 .*in file b\.rec at its byte {place}: batch"
    ):
        list(open_channel("train", opt_ml=container.root).batches(4))


def test_what_is_not_there_is_said_with_what_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ChannelError, match=r"inputdataconfig\.json is not there.* set OPT_ML"):
        open_channel("train", opt_ml=tmp_path)
    container = Container(tmp_path, "File", THREE)
    monkeypatch.setenv("OPT_ML", str(tmp_path))
    with pytest.raises(ChannelError, match=r"no channel 'test': .* has train"):
        open_channel("test")
    channel = open_channel("train")
    for file in channel.files:
        file.unlink()
    (container.data / "train" / "a").rmdir()
    (container.data / "train").rmdir()
    with pytest.raises(
        ChannelError, match="train is not there, though the channel is in File mode"
    ):
        list(channel.batches(1))
    config = container.root / "input/config/inputdataconfig.json"
    config.write_text('{"odd": {"TrainingInputMode": "Tape"}}')
    with pytest.raises(ChannelError, match="'Tape' is not known, there are Pipe, File, FastFile"):
        open_channel("odd")
    config.write_text("{")
    with pytest.raises(ChannelError, match="is not JSON"):
        open_channel("other")


def test_an_interrupted_reader_leaves_the_fifo(tmp_path: Path) -> None:
    root = Container(tmp_path, "Pipe", {"a.rec": encoded(0, 200_000)}).root
    channel = open_channel("train", opt_ml=root)

    def train() -> None:
        for _ in channel.batches(10):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train()
    assert next(channel.batches(10))[1][0] == 0
    assert channel.epoch == 2


def test_without_torch_its_data_set_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    requirements = Path(__file__).parents[2] / "requirements" / "torch.in"
    version = re.search(r"^torch==([\d.]+)", requirements.read_text(), re.M)
    assert version is not None
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "penstock.recordio.torch_dataset", raising=False)
    with pytest.raises(ModuleNotFoundError, match=f"pip install torch=={version[1]}$"):
        import_module("penstock.recordio.torch_dataset")
