"""Compresses an object's body by the destination's CompressionFormat."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile

import pyarrow as pa

_HADOOP_BLOCK_BYTES = 256 * 1024


def compress(body: bytes, compression: str, entry_name: str) -> bytes:
    """`body` as UNCOMPRESSED, GZIP, ZIP (one entry `entry_name`) or HADOOP_SNAPPY.

    Hadoop's block layout: length of the block, length of its compressed form, both as four
    bytes big-endian, then raw Snappy (Hadoop's BlockCompressorStream).
    """
    if compression == "GZIP":
        return gzip.compress(body)
    if compression == "ZIP":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(entry_name, body)
        return buffer.getvalue()
    if compression == "HADOOP_SNAPPY":
        codec = pa.Codec("snappy")
        parts = []
        for start in range(0, len(body), _HADOOP_BLOCK_BYTES):
            block = body[start : start + _HADOOP_BLOCK_BYTES]
            packed = codec.compress(block, asbytes=True)
            parts.append(struct.pack(">II", len(block), len(packed)) + packed)
        return b"".join(parts)
    return body
