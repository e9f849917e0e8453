"""Puts up a FastFile channel's files and fetches each when the program opens it."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict, deque
from pathlib import Path
from typing import Any

from penstock.localcloud.workers.training.channels import ChannelObjects
from penstock.localcloud.workers.training.fastfile.entry import Entry
from penstock.localcloud.workers.training.fastfile.lease import (
    LeasedFile,
    LeasesError,
    break_seconds,
    check_files,
)
from penstock.localcloud.workers.training.files import target_of
from penstock.localcloud.workers.training.job import ChannelReport
from penstock.localcloud.workers.training.pipe.ahead import Ahead
from penstock.localcloud.workers.training.pipe.chunk import in_memory
from penstock.localcloud.workers.training.pipe.fifo import StoppedError

log = logging.getLogger(__name__)

GROUP_BYTES = 32 << 20
FETCHERS = 3  # of which one is always there for what a program waits for
_LOOK_SECONDS = 0.002
_LOOKING_SHARE = 0.1  # of a core, however many files there are
_WAIT_SECONDS = 0.1
_MARGIN_SECONDS = 1.0
_JOIN_SECONDS = 30


class FastFiles:
    """The files of the first epoch's objects, each with the size that the listing told.

    A file is held back by a lease, so that open() waits until all of it is here; the rest of its
    group of files (GROUP_BYTES) and the next group are fetched then, before they are opened. The
    kernel breaks a lease after `seconds_to_open`; a program would read zeros then, so that the
    channel has an `error` when a file is not there in time.

    LeasesError, after which nothing is left behind, when this cannot be done here; ValueError for
    a key that leads out of the channel's folder.
    """

    def __init__(
        self, channel: ChannelObjects, s3: Any, directory: Path, report: ChannelReport
    ) -> None:
        self._channel = channel
        self._s3 = s3
        self._report = report
        self.seconds_to_open = break_seconds()
        self.error: str = ""
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._entries: list[Entry] = []
        self._latest: Entry | None = None  # the last one that was opened
        self._asked: deque[Entry] = deque()  # those that a program waits for
        self._groups: dict[int, deque[Entry]] = defaultdict(deque)
        self._busy = 0  # files that are fetched now
        self._put_up(directory / channel.name)
        self._held = list(self._entries)
        name = f"fastfile-{channel.name}"
        self._threads = [
            threading.Thread(target=self._watch, name=f"{name}-watch", daemon=True),
            *(
                threading.Thread(target=self._fetch, name=f"{name}-{number}", daemon=True)
                for number in range(FETCHERS)
            ),
        ]

    def start(self) -> None:
        """Begin to look who opens what."""
        self._report.epochs = 1
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End: a program that opens a file now reads zeros."""
        self._stop.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(_JOIN_SECONDS)
        for entry in self._entries:
            self._give_free(entry)

    def _put_up(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        targets = {
            target_of(address, self._channel.prefix, folder): address
            for address in self._channel.epoch(0)
        }
        check_files(len(targets))
        group = held = 0
        try:
            for target, address in targets.items():
                if address.size is None:
                    raise ValueError(f"the size of {address} is not known: it was not listed")
                target.parent.mkdir(parents=True, exist_ok=True)
                is_first = not self._entries or held + address.size > GROUP_BYTES
                if is_first:
                    group, held = group + 1, 0
                held += address.size
                file = LeasedFile(target, address.size)
                entry = Entry(address, address.size, file, group, is_first)
                self._entries.append(entry)
                self._groups[group].append(entry)
        except LeasesError:
            for entry in self._entries:
                self._give_free(entry)
            for target in targets:
                target.unlink(missing_ok=True)
            raise

    def _watch(self) -> None:
        last = time.monotonic()
        while not self._stop.is_set():
            began = time.monotonic()
            self._look(last)
            last = began
            looked = time.monotonic() - began
            self._stop.wait(max(_LOOK_SECONDS, looked * (1 / _LOOKING_SHARE - 1)))

    def _look(self, last: float) -> None:
        """See who waits since the look that began at `last`, and who has waited too long."""
        with self._changed:
            self._held = [entry for entry in self._held if not entry.is_free]
            for entry in self._held:
                if not entry.is_wanted and entry.file.is_wanted:
                    entry.asked_after = last
                    self._latest = entry
                    self._asked.append(entry)
                    self._changed.notify_all()
                    if entry.is_filled:
                        self._give_free(entry)
                        continue
                if entry.is_wanted and not entry.is_filled:
                    self._check_in_time(entry)

    def _check_in_time(self, entry: Entry) -> None:
        assert entry.asked_after is not None
        waited = time.monotonic() - entry.asked_after
        if waited > self.seconds_to_open - _MARGIN_SECONDS:
            self._fail(
                f"{entry.address} ({entry.size} bytes) was not there {waited:.0f} s after it was "
                f"opened, and the kernel lets nobody wait longer than {self.seconds_to_open:g} s "
                "(/proc/sys/fs/lease-break-time): use smaller objects, or input mode File or Pipe"
            )

    def _fetch(self) -> None:
        while not self._stop.is_set():
            with self._changed:
                entry = self._next()
                if entry is None:
                    self._changed.wait(_WAIT_SECONDS)
                    continue
                entry.is_begun = True
                self._busy += 1
            try:
                self._fill(entry)
            except StoppedError:
                return
            except Exception as error:  # noqa: BLE001 - a thread must not end in silence
                self._fail(str(error) or type(error).__name__)
                return

    def _next(self) -> Entry | None:
        """What a program waits for, or else what it may open next."""
        queues = [self._asked]
        if self._latest is not None and self._busy < FETCHERS - 1:
            queues += [self._groups[group] for group in self._groups_ahead(self._latest)]
        for queue in queues:
            while queue:
                entry = queue.popleft()
                if not entry.is_begun:
                    return entry
        return None

    def _groups_ahead(self, opened: Entry) -> list[int]:
        return [group for group in (opened.group, opened.group + 1) if group in self._groups]

    def _fill(self, entry: Entry) -> None:
        offset = 0
        with Ahead(
            self._s3, [entry.address], self._stop, f"fastfile-{self._channel.name}"
        ) as ahead:
            for read in ahead.objects():
                if read.size != entry.size:
                    raise OSError(
                        f"{entry.address} was changed since the job began: it has {read.size} "
                        f"bytes, the program was told {entry.size}"
                    )
                for data in in_memory(read.chunks()):
                    entry.file.write(data, offset)
                    offset += len(data)
        with self._changed:
            if entry.is_wanted:
                self._check_in_time(entry)
            entry.is_filled = True
            self._busy -= 1
            self._report.bytes += entry.size
            if entry.is_wanted or not entry.is_first:
                self._give_free(entry)
            self._changed.notify_all()

    def _give_free(self, entry: Entry) -> None:
        if not entry.is_free:
            entry.is_free = True
            entry.file.give_free()

    def _fail(self, reason: str) -> None:
        if not self.error:
            self.error = f"channel {self._channel.name}: {reason}"
            log.warning("fast files: %s", self.error)
