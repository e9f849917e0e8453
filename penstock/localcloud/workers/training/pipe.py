"""Pipe mode: one FIFO per epoch of a channel, streamed from S3 object by object."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import select
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.channels import ChannelObjects
from penstock.localcloud.workers.training.job import ChannelReport
from penstock.recordio.frame import header

log = logging.getLogger(__name__)

CHUNK_BYTES = 256 << 10
PIPE_BYTES = 1 << 20  # the most that an unprivileged process may ask for by default
_SET_PIPE_SIZE = 1031  # F_SETPIPE_SZ, Linux
_POLL_SECONDS = 0.005
_WAIT_MILLISECONDS = 100


class _StoppedError(Exception):
    """The job has ended: nobody reads any more."""


class PipeFeeder:
    """Feeds `<channel>_<epoch>`, epoch after epoch, until it is stopped.

    A reader that closes early gets the next epoch's FIFO like one that reads to the end
    (SageMaker developer guide, your-algorithms-training-algo-running-container). Every wait
    looks for `stop`, so ending never depends on what the reader does.
    """

    def __init__(
        self, channel: ChannelObjects, s3: Any, directory: Path, report: ChannelReport
    ) -> None:
        self._channel = channel
        self._s3 = s3
        self._directory = directory
        self._report = report
        self._stop = threading.Event()
        self.error: str = ""
        self._path(0).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(self._path(0))  # there before the program starts
        self._thread = threading.Thread(target=self._run, name=f"pipe-{channel.name}", daemon=True)

    def start(self) -> None:
        """Begin to feed."""
        self._thread.start()

    def stop(self) -> None:
        """Stop feeding and wait for the thread's end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def _path(self, epoch: int) -> Path:
        return self._directory / f"{self._channel.name}_{epoch}"

    def _run(self) -> None:
        epoch = 0
        try:
            while True:
                self._feed(epoch)
                epoch += 1
        except _StoppedError:
            return
        except (ClientError, BotoCoreError, OSError, zlib.error, ValueError) as error:
            # the reader must not take what it has got for the whole of it
            self.error = f"channel {self._channel.name}: {error}"
            log.warning("pipe feeder: %s", self.error)

    def _feed(self, epoch: int) -> None:
        file = self._open(self._path(epoch))
        fed = 0
        try:
            for chunk in self._bytes(epoch):
                self._write(file, chunk)
                fed += len(chunk)
        except BrokenPipeError:
            log.debug("channel %s: closed early in epoch %d", self._channel.name, epoch)
        finally:
            if not self._stop.is_set():
                os.mkfifo(self._path(epoch + 1))
            if epoch == 0:
                self._report.bytes = fed
            self._report.epochs = epoch + 1
            os.close(file)
            self._path(epoch).unlink()

    def _open(self, path: Path) -> int:
        while not self._stop.is_set():
            try:
                file = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:  # ENXIO: nobody has opened it for reading yet
                    raise
                self._stop.wait(_POLL_SECONDS)
                continue
            try:
                fcntl.fcntl(file, _SET_PIPE_SIZE, PIPE_BYTES)
            except OSError as error:
                log.debug("pipe of the default size: %s", error)
            return file
        raise _StoppedError

    def _write(self, file: int, data: bytes) -> None:
        view = memoryview(data)
        ready = select.poll()
        ready.register(file, select.POLLOUT | select.POLLERR)
        while view:
            if self._stop.is_set():
                raise _StoppedError
            if not ready.poll(_WAIT_MILLISECONDS):
                continue
            try:
                view = view[os.write(file, view) :]
            except BlockingIOError:
                continue

    def _bytes(self, epoch: int) -> Iterator[bytes]:
        for address in self._channel.epoch(epoch):
            if self._channel.record_wrapper == "RecordIO":
                yield from self._wrapped(address)
            else:
                yield from self._content(address)

    def _content(self, address: S3Address) -> Iterator[bytes]:
        body = self._s3.get_object(Bucket=address.bucket, Key=address.key)["Body"]
        try:
            chunks = iter(lambda: body.read(CHUNK_BYTES), b"")
            yield from _gunzipped(chunks) if self._channel.compression == "Gzip" else chunks
        finally:
            body.close()

    def _wrapped(self, address: S3Address) -> Iterator[bytes]:
        """The whole object as one RecordIO record (RecordWrapperType)."""
        if self._channel.compression == "Gzip":
            size = sum(len(chunk) for chunk in self._content(address))
        else:
            head = self._s3.head_object(Bucket=address.bucket, Key=address.key)
            size = int(head["ContentLength"])
        yield header(size)
        yield from self._content(address)
        yield bytes(-size % 4)


def _gunzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The content of a gzip stream, of several members too; never more than a few chunks held."""
    unzip = zlib.decompressobj(wbits=31)
    for chunk in chunks:
        rest = chunk
        while rest:
            if unzip.eof:
                unzip = zlib.decompressobj(wbits=31)
            yield unzip.decompress(rest, CHUNK_BYTES)
            rest = unzip.unused_data if unzip.eof else unzip.unconsumed_tail
    while not unzip.eof and (pending := unzip.decompress(b"", CHUNK_BYTES)):
        yield pending
    if not unzip.eof:
        raise ValueError("the gzip stream ends too early")
