"""Names below an output: channels hold shards and nothing else, what is said of them lies beside.

    <output>/train/part-00000.rec ...            what a channel of type S3Prefix reads: all of it
    <output>/_channels/train/manifest.json       shards, rows, bytes, checksums, schema
    <output>/_channels/train/channel.json        the same names for a channel of type ManifestFile
    <output>/_channels/train/_SUCCESS            empty, written last

A prefix is compared by characters, not by folders: s3://.../train takes train.json too. So the
names beside start with another letter than a channel may.
"""

from __future__ import annotations

import re

from penstock.recordio.spark.errors import SparkWriteError

BESIDE = "_channels"
MANIFEST, CHANNEL_MANIFEST, MARKER = "manifest.json", "channel.json", "_SUCCESS"
SHARD = re.compile(r"part-\d{5,}\.rec")
# SageMaker API reference, Channel: ChannelName; a first character that is none of the names beside
_CHANNEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def shard_name(channel: str, number: int) -> str:
    """A shard's name."""
    return f"{channel}/part-{number:05d}.rec"


def beside(channel: str, name: str) -> str:
    """The name of a file that tells of a channel."""
    return f"{BESIDE}/{channel}/{name}"


def checked_channel(name: str) -> str:
    """SparkWriteError for what cannot be a channel's name."""
    if not _CHANNEL.fullmatch(name):
        raise SparkWriteError(
            f"channel is {name!r}: expected up to 64 letters, digits and . _ -, "
            "a letter or a digit first (SageMaker API reference, Channel)"
        )
    return name
