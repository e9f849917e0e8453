"""One run's output: tasks write attempts, the driver publishes those that Spark returned.

Spark may run a task again after a failure, or twice at once (speculation), and a worker that it
gave up may go on writing. Of all attempts at one partition it returns the result of exactly one.
So an attempt writes what nobody sees, its result carries a token, and the driver alone makes files
of tokens: no half shard, no duplicate, whatever the other attempts do and whenever they do it.

A run that fails leaves the channel as it was. Publishing is the only time at which a channel
changes: the marker goes, the shards come one by one, what an earlier run had more of goes, the
manifest comes, the marker comes. Without the marker a channel is not to be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from penstock.recordio.spark.errors import SparkWriteError
from penstock.recordio.spark.layout import (
    CHANNEL_MANIFEST,
    MANIFEST,
    MARKER,
    SHARD,
    beside,
    checked_channel,
)
from penstock.recordio.spark.manifest import Manifest, Shard
from penstock.recordio.spark.output_file import Written
from penstock.recordio.spark.store import open_store

PUBLISHED_AT_ONCE = 16
NAMES_SHOWN = 5


class Output:
    """Channels below `uri`, which one run writes; a context manager in the driver.

    `names` is what files of a channel are called. SparkWriteError if a channel holds something
    else: SageMaker would train on it, and it is not ours to remove.
    """

    def __init__(self, uri: str, channels: Sequence[str], names: re.Pattern[str] = SHARD) -> None:
        self.channels = tuple(checked_channel(channel) for channel in channels)
        self.store = open_store(uri)
        self._names = names
        self._held: list[Written] = []

    def __enter__(self) -> Output:
        """Make ready for the tasks."""
        for channel in self.channels:
            self._present(channel)
        self.store.prepare(self.channels)
        return self

    def __exit__(self, *_: object) -> None:
        """Attempts that were not published go."""
        for file in self._held:
            self.store.discard(file.name, file.token)
        self.store.clean(self.channels)

    def hold(self, written: Iterable[Written]) -> None:
        """Take note of what Spark returned: it is published, or dropped in the end."""
        self._held += written

    def publish(self, channel: str, schema: Mapping[str, Any]) -> Manifest:
        """Make the channel's files that are held the channel, in place of all that it had.

        Where there are none, there is no channel, and no marker either.
        """
        store = self.store
        files = sorted(
            (file for file in self._held if file.name.startswith(f"{channel}/")),
            key=lambda file: file.name,
        )
        before = self._present(channel)
        # deleting what is not there would leave a delete marker in a versioned bucket
        told = store.names(beside(channel, ""))
        for name in (MARKER, MANIFEST, CHANNEL_MANIFEST):
            if beside(channel, name) in told:
                store.delete(beside(channel, name))
        with ThreadPoolExecutor(PUBLISHED_AT_ONCE) as threads:
            list(threads.map(lambda file: store.publish(file.name, file.token), files))
        self._held = [file for file in self._held if file not in files]
        for name in sorted(before - {file.name for file in files}):
            store.delete(name)
        shards = (
            Shard(file.name.removeprefix(f"{channel}/"), file.rows, file.bytes, file.sha256)
            for file in files
        )
        manifest = Manifest(f"{store.uri}{channel}/", tuple(shards), schema)
        if files:
            self._tell(channel, manifest)
        return manifest

    def _tell(self, channel: str, manifest: Manifest) -> None:
        for_channel = manifest.for_channel()
        if for_channel is not None:
            self.store.put(beside(channel, CHANNEL_MANIFEST), for_channel)
        self.store.put(beside(channel, MANIFEST), manifest.to_json())
        self.store.put(beside(channel, MARKER), b"")

    def _present(self, channel: str) -> set[str]:
        names = self.store.names(f"{channel}/")
        foreign = [
            name for name in names if not self._names.fullmatch(name.removeprefix(f"{channel}/"))
        ]
        if foreign:
            more = f" and {len(foreign) - NAMES_SHOWN} more" if len(foreign) > NAMES_SHOWN else ""
            raise SparkWriteError(
                f"{self.store.uri}{channel}/ holds what is no shard, and a training channel reads "
                f"everything there: {', '.join(foreign[:NAMES_SHOWN])}{more}; remove it or choose "
                "another output"
            )
        return set(names)
