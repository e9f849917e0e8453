"""A training job's channels, read by the job's own script: Pipe, File and FastFile mode alike."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from penstock.recordio.chain import Chain, files_below
from penstock.recordio.errors import ChannelError, RecordIOError
from penstock.recordio.fifo import open_fifo
from penstock.recordio.frame import FrameReader
from penstock.recordio.reader import Batch, Reader
from penstock.recordio.tensor import Record

__all__ = ["Channel", "ChannelError", "open_channel"]

IN_CONTAINER = Path("/opt/ml")
BUFFER_BYTES = 1 << 20
PIPE = "Pipe"
MODES = (PIPE, "File", "FastFile")
_opened: dict[tuple[Path, str], Channel] = {}


def open_channel(name: str, *, opt_ml: Path | str | None = None) -> Channel:
    """The channel of that name, of the container that this process runs in.

    `opt_ml` is where the container's /opt/ml is: the environment's OPT_ML when it is not given,
    else /opt/ml. inputdataconfig.json there says which channels there are and in which mode
    (SageMaker developer guide, your-algorithms-training-algo-running-container).

    Whoever asks again gets the same channel, which goes on with the next epoch: a FIFO cannot be
    read twice. ChannelError if there is no such channel, or no configuration.
    """
    root = Path(os.environ.get("OPT_ML", IN_CONTAINER) if opt_ml is None else opt_ml).absolute()
    if (root, name) not in _opened:
        channels = _configured(root)
        if name not in channels:
            raise ChannelError(
                f"there is no channel {name!r}: this job's InputDataConfig has "
                f"{', '.join(sorted(channels)) or 'none'}"
            )
        mode = str(channels[name].get("TrainingInputMode", "File"))
        _opened[root, name] = Channel(name, mode, root / "input" / "data")
    return _opened[root, name]


def _configured(root: Path) -> dict[str, dict[str, Any]]:
    path = root / "input" / "config" / "inputdataconfig.json"
    try:
        channels = json.loads(path.read_text())
    except FileNotFoundError:
        raise ChannelError(
            f"{path} is not there, so this is no training container; elsewhere set OPT_ML (or "
            "opt_ml) to a folder that has input/config/inputdataconfig.json and input/data"
        ) from None
    except ValueError as error:
        raise ChannelError(f"{path} is not JSON: {error}") from None
    if not isinstance(channels, dict):
        raise ChannelError(f"{path} holds no object of channels, but {str(channels)[:40]}")
    return channels


class Channel:
    """One channel of a training job; each reading is the next epoch of its data.

    In Pipe mode an epoch is a FIFO, which can be left early; in File and FastFile mode it is the
    files of a folder in the order of their keys, so that records come as through the FIFO of an
    unshuffled channel. Whatever ShardedByS3Key leaves for other hosts is not there: SageMaker
    shares objects out before.

    Iterators open the epoch when the first item is asked for, and close it at its end, when they
    are closed themselves, and when the channel goes on with another epoch. RecordIOError names
    channel, epoch, record and byte (and the file).
    """

    def __init__(self, name: str, mode: str, data: Path) -> None:
        """`data` is the container's input/data. ChannelError for a mode that does not exist."""
        if mode not in MODES:
            raise ChannelError(
                f"channel {name}: TrainingInputMode {mode!r} is not known, there are "
                f"{', '.join(MODES)}"
            )
        self.name = name
        self.mode = mode
        self.epoch = 0  # the next one
        self._data = data
        self._reading: BinaryIO | None = None

    def batches(self, rows: int, *, rank: int = 0, world_size: int = 1) -> Generator[Batch]:
        """(X, y) of up to `rows` records at a time, as Reader.batches has them: the next epoch.

        Of `world_size` processes that read the same channel each gets other records, all of them
        together every record once: `rank` (from 0) says which process this is. They take files in
        turn or, with fewer files than processes, batches in turn. Only in File and FastFile mode:
        ChannelError for a FIFO.
        """
        files, turn = self._share(rank, world_size)
        with self._next_epoch(files) as stream:
            yield from islice(Reader(stream).batches(rows), *turn)

    def epochs(self, count: int, rows: int) -> Iterator[Iterator[Batch]]:
        """`count` epochs, each as its batches of up to `rows` records; each can be left early."""
        for _ in range(count):
            batches = self.batches(rows)
            try:
                yield batches
            finally:
                batches.close()

    def records(self) -> Generator[Record]:
        """The next epoch's records one by one: whatever RecordIO-protobuf can say."""
        with self._next_epoch() as stream:
            yield from Reader(stream)

    def payloads(self) -> Generator[bytes]:
        """The next epoch's RecordIO records one by one, their payloads as they are.

        With RecordWrapperType RecordIO, which is for Pipe mode, each one is an object of the
        channel (botocore 1.44.5 sagemaker model, Channel).
        """
        with self._next_epoch() as stream:
            for found in FrameReader(stream):
                yield found.payload

    def streams(self) -> Generator[BinaryIO]:
        """The next epoch's bytes as they are, line by line too: of a FIFO, or of each file."""
        if self.mode == PIPE:
            with self._next_epoch() as fifo:
                yield io.BufferedReader(cast("io.RawIOBase", fifo), BUFFER_BYTES)
            return
        self.epoch += 1
        for file in self.files:
            with file.open("rb", buffering=BUFFER_BYTES) as stream:
                yield stream

    @property
    def files(self) -> list[Path]:
        """A File or FastFile channel's files in order. ChannelError where its folder is missing."""
        folder = self._data / self.name
        if not folder.is_dir():
            raise ChannelError(
                f"channel {self.name}: {folder} is not there, though the channel is in "
                f"{self.mode} mode"
            )
        return files_below(folder)

    def close(self) -> None:
        """Leave the epoch that is being read, if there is one."""
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    def check_share(self, rank: int, world_size: int) -> None:
        """ChannelError unless process `rank` of `world_size` can have a part of the records."""
        if not 0 <= rank < world_size:
            raise ChannelError(
                f"channel {self.name}: rank is {rank} of {world_size} processes, expected 0 to "
                f"{world_size - 1}"
            )
        if self.mode == PIPE and world_size > 1:
            raise ChannelError(
                f"channel {self.name} is in Pipe mode, and a FIFO has one reader: it cannot be "
                f"shared by {world_size} processes. Use FastFile or File mode"
            )

    def _share(self, rank: int, world_size: int) -> tuple[list[Path] | None, tuple[int, None, int]]:
        """The files that this process reads (None is all), and which batches of them it keeps."""
        self.check_share(rank, world_size)
        everything = (0, None, 1)
        if world_size == 1:
            return None, everything
        files = self.files
        if len(files) < world_size:
            return files, (rank, None, world_size)
        return files[rank::world_size], everything

    @contextmanager
    def _next_epoch(self, files: list[Path] | None = None) -> Iterator[BinaryIO]:
        self.close()
        if self.mode == PIPE:
            number, stream = open_fifo(self._data, self.name, self.epoch)
            explain = _message
        else:
            number = self.epoch
            chain = Chain(self.files if files is None else files)
            stream, explain = cast("BinaryIO", chain), chain.explain
        self.epoch = number + 1
        self._reading = stream
        try:
            yield stream
        except RecordIOError as error:
            raise RecordIOError(
                explain(error),
                record=error.record,
                offset=error.offset,
                where=f"channel {self.name}, epoch {number}, ",
            ) from error
        except ValueError as error:
            if not stream.closed:
                raise
            raise ChannelError(
                f"channel {self.name}: epoch {number} was left when a later one began; "
                "read one epoch at a time"
            ) from error
        finally:
            stream.close()


def _message(error: RecordIOError) -> str:
    return error.message
