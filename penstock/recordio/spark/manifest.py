"""What a channel holds: its shards with rows, bytes and checksums, and what their rows are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from penstock.recordio.spark.errors import SparkWriteError
from penstock.recordio.spark.layout import MANIFEST, MARKER, beside, checked_channel
from penstock.recordio.spark.store import is_s3, open_store

READ_BYTES = 1 << 20


@dataclass(frozen=True)
class Shard:
    """One file of a channel; its name is relative to the channel's prefix."""

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """A channel's contents; `uri` is its prefix (it ends with /), `schema` says what a row is."""

    uri: str
    shards: tuple[Shard, ...]
    schema: Mapping[str, Any]

    @property
    def rows(self) -> int:
        """Of all shards."""
        return sum(shard.rows for shard in self.shards)

    @property
    def total_bytes(self) -> int:
        """Of all shards."""
        return sum(shard.bytes for shard in self.shards)

    def to_json(self) -> bytes:
        """manifest.json. It names no address: a channel may be copied with it."""
        document = {
            "rows": self.rows,
            "bytes": self.total_bytes,
            "schema": dict(self.schema),
            "shards": [asdict(shard) for shard in self.shards],
        }
        return json.dumps(document, indent=2).encode()

    @classmethod
    def from_json(cls, text: bytes, uri: str) -> Manifest:
        """Of manifest.json."""
        document = json.loads(text)
        shards = tuple(Shard(**shard) for shard in document["shards"])
        return cls(uri, shards, document["schema"])

    def for_channel(self) -> bytes | None:
        """What a channel with S3DataType ManifestFile reads (SageMaker API, S3DataSource).

        None for a local folder: there are no such channels of it.
        """
        if not is_s3(self.uri):
            return None
        return json.dumps(
            [{"prefix": self.uri}, *(shard.name for shard in self.shards)], indent=2
        ).encode()


def read_manifest(output: str, channel: str = "train") -> Manifest:
    """The manifest of a finished channel of an output.

    Raises:
        SparkWriteError: there is no marker, so nobody says that the channel is complete.
    """
    store = open_store(output)
    uri = f"{store.uri}{checked_channel(channel)}/"
    try:
        store.open(beside(channel, MARKER)).close()
        with store.open(beside(channel, MANIFEST)) as file:
            return Manifest.from_json(file.read(), uri)
    except FileNotFoundError as error:
        raise SparkWriteError(
            f"{uri} is not complete: there is no {error.filename or error}"
        ) from (None)


def verify(output: str, channel: str = "train") -> Manifest:
    """Read a channel's shards again and compare them with its manifest, which is returned.

    Raises:
        SparkWriteError: it is not complete, a shard is missing, changed, or not in the manifest.
    """
    manifest = read_manifest(output, channel)
    store = open_store(output)
    known = {f"{channel}/{shard.name}": shard for shard in manifest.shards}
    wrong = [
        f"{name} is not in the manifest" for name in _others(store.names(f"{channel}/"), [*known])
    ]
    for name, shard in known.items():
        digest, size = hashlib.sha256(), 0
        try:
            with store.open(name) as file:
                while content := file.read(READ_BYTES):
                    digest.update(content)
                    size += len(content)
        except FileNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if size != shard.bytes:
            wrong.append(f"{name} has {size} bytes, the manifest says {shard.bytes}")
        elif digest.hexdigest() != shard.sha256:
            wrong.append(f"{name} has other bytes than the manifest says (SHA-256)")
    if wrong:
        raise SparkWriteError(f"{store.uri}: {'; '.join(wrong)}")
    return manifest


def _others(names: Sequence[str], known: Sequence[str]) -> list[str]:
    return sorted(set(names) - set(known))
