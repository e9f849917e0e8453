"""Feeds a channel's FIFOs, one epoch after the other, for as long as the job runs."""

from __future__ import annotations

import itertools
import logging
import os
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from penstock.localcloud.workers.training.channels import ChannelObjects
from penstock.localcloud.workers.training.job import ChannelReport
from penstock.localcloud.workers.training.pipe.content import content
from penstock.localcloud.workers.training.pipe.fifo import FifoWriter, StoppedError

log = logging.getLogger(__name__)

_JOIN_SECONDS = 30


class PipeFeeder:
    """Feeds `<channel>_<epoch>`, epoch after epoch, until it is stopped.

    A reader that closes early, or dies, gets the next epoch's FIFO like one that reads to the end
    (SageMaker developer guide, your-algorithms-training-algo-running-container). Nothing is read
    from S3 before a reader opens an epoch's FIFO. When data cannot be read to their end, `error`
    says why, and the reader waits for more until the feeder is stopped: it never sees the end of
    what is not whole.
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
        directory.mkdir(parents=True, exist_ok=True)
        os.mkfifo(self._path(0))  # there before the program starts
        self._thread = threading.Thread(target=self._run, name=f"pipe-{channel.name}", daemon=True)

    def start(self) -> None:
        """Begin to feed."""
        self._thread.start()

    def stop(self) -> None:
        """Stop feeding and wait for the thread's end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)

    def _path(self, epoch: int) -> Path:
        return self._directory / f"{self._channel.name}_{epoch}"

    def _run(self) -> None:
        try:
            for epoch in itertools.count():
                fifo = FifoWriter(self._path(epoch), self._stop)
                try:
                    self._feed(fifo, epoch)
                finally:
                    fifo.close()
        except StoppedError:
            return
        except OSError as error:  # of the FIFOs themselves: somebody has taken one away
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self.error = f"channel {self._channel.name}: {str(error) or type(error).__name__}"
        log.warning("pipe feeder: %s", self.error)

    def _feed(self, fifo: FifoWriter, epoch: int) -> None:
        """One epoch; when it is over, the next one's FIFO is there before the reader knows."""
        fed = 0
        chunks = content(self._channel, epoch, self._s3, self._stop, self._directory)
        try:
            with closing(chunks):
                for chunk in chunks:
                    try:
                        fifo.put(chunk)
                    except BrokenPipeError:
                        log.debug("channel %s: epoch %d closed early", self._channel.name, epoch)
                        break
                    fed += len(chunk)
        except StoppedError:
            raise
        except Exception as error:
            self._fail(error)
            self._stop.wait()  # with the FIFO open, so that nobody sees an end
            raise StoppedError from error
        finally:
            self._report.epochs = epoch + 1
            if epoch == 0:
                self._report.bytes = fed
        os.mkfifo(self._path(epoch + 1))
        self._path(epoch).unlink()  # nobody can open it again and wait for ever
