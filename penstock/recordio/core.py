"""The compiled core for records that numpy is slow at: core.c as a library, where one was built.

The package's set-up compiles it if there is a C compiler. Without it the numpy code beside it
writes and reads the same; both leave whatever is unusual to the decoder in Python.
"""

from __future__ import annotations

import ctypes
import os
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

VERSION = 3  # of core.c's functions: a library of another one is left alone
# names another build of the library, for example one under AddressSanitizer
LIBRARY_VARIABLE = "PENSTOCK_RECORDIO_CORE"

_POINTER, _LONG, _INT, _BYTES = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int32, ctypes.c_char_p


@dataclass(frozen=True)
class RowFormat:
    """What is the same in all rows of a file. `label_bytes` is 0 without labels.

    Dense rows have no shape, and as many values as there are columns.
    """

    field: int
    columns: int
    shape: bytes
    label_head: bytes
    label_bytes: int

    @property
    def constants(self) -> tuple[int, bytes, int, bytes, int, int]:
        """As the reading functions of core.c take them."""
        shape, head = self.shape, self.label_head
        return self.field, shape, len(shape), head, len(head), self.label_bytes


class CompiledCore:
    """The library's four functions, on numpy arrays. It holds no lock while it works.

    `wide` is whether it packs keys with AVX-512 VBMI2, as it does where the processor has that.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        self.wide = bool(library.core_has_wide())
        self._encode = library.encode_rows
        self._scan = library.scan_rows
        self._decode = library.decode_rows
        self._decode_dense = library.decode_dense_rows
        for function in (self._encode, self._scan, self._decode, self._decode_dense):
            function.restype = _LONG
        self._encode.argtypes = [
            *(_LONG, _POINTER, _LONG, _POINTER, _INT, _INT, _POINTER, _INT, _BYTES, _LONG),
            *(_BYTES, _LONG, _POINTER, _LONG, _POINTER, _LONG, _POINTER),
        ]
        self._scan.argtypes = [
            *(_POINTER, _LONG, _LONG, _INT, _BYTES, _LONG, _BYTES, _LONG, _LONG, _POINTER)
        ]
        self._decode.argtypes = [
            *(_POINTER, _LONG, _LONG, ctypes.c_uint64, _INT, _BYTES, _LONG, _BYTES, _LONG, _LONG),
            *(_LONG, _POINTER, _POINTER, _INT, _POINTER, _POINTER, _POINTER),
        ]
        self._decode_dense.argtypes = [
            *(_POINTER, _LONG, _LONG, _LONG, _BYTES, _LONG, _LONG, _POINTER, _POINTER, _POINTER)
        ]

    def encode(
        self,
        form: RowFormat,
        pointers: npt.NDArray[np.int64],
        indices: npt.NDArray[Any],
        values: npt.NDArray[Any],
        labels: npt.NDArray[Any] | None,
        out: npt.NDArray[np.uint8],
    ) -> tuple[int, int]:
        """(rows, bytes) of the records that fit into `out`.

        ValueError for pointers outside of the values, or a row beyond 2^29 - 1 bytes.
        """
        written = ctypes.c_int64()
        rows = self._encode(
            len(pointers) - 1,
            pointers.ctypes.data,
            len(values),
            indices.ctypes.data,
            indices.itemsize,
            self.wide,
            values.ctypes.data,
            form.field,
            form.shape,
            len(form.shape),
            form.label_head,
            len(form.label_head),
            None if labels is None else labels.ctypes.data,
            form.label_bytes,
            out.ctypes.data,
            len(out),
            ctypes.byref(written),
        )
        if rows == -1:
            raise ValueError("the row pointers lead outside of the stored values")
        if rows == -2:
            raise ValueError("a row does not fit RecordIO: a record has at most 2^29 - 1 bytes")
        return int(rows), written.value

    def scan(self, form: RowFormat, data: npt.NDArray[np.uint8], rows: int) -> tuple[int, int]:
        """(rows, stored values) of the records at the beginning that have the format."""
        stored = ctypes.c_int64()
        found = self._scan(
            data.ctypes.data,
            len(data),
            rows,
            *form.constants,
            ctypes.byref(stored),
        )
        return int(found), stored.value

    def decode(
        self,
        form: RowFormat,
        data: npt.NDArray[np.uint8],
        rows: int,
        pointers: npt.NDArray[np.int64],
        indices: npt.NDArray[Any],
        values: npt.NDArray[Any],
        labels: npt.NDArray[Any] | None,
    ) -> tuple[int, int]:
        """(rows, bytes) of what was read into the arrays, which have room for `rows` records."""
        used = ctypes.c_int64()
        found = self._decode(
            data.ctypes.data,
            len(data),
            rows,
            form.columns,
            *form.constants,
            len(values),
            pointers.ctypes.data,
            indices.ctypes.data,
            indices.itemsize,
            values.ctypes.data,
            None if labels is None else labels.ctypes.data,
            ctypes.byref(used),
        )
        return int(found), used.value

    def decode_dense(
        self,
        form: RowFormat,
        data: npt.NDArray[np.uint8],
        values: npt.NDArray[np.int32],
        labels: npt.NDArray[Any] | None,
    ) -> tuple[int, int]:
        """(rows, bytes) of the dense int32 rows that were read into the arrays."""
        used = ctypes.c_int64()
        found = self._decode_dense(
            data.ctypes.data,
            len(data),
            *values.shape,
            form.label_head,
            len(form.label_head),
            form.label_bytes,
            values.ctypes.data,
            None if labels is None else labels.ctypes.data,
            ctypes.byref(used),
        )
        return int(found), used.value


def _load() -> CompiledCore | None:
    chosen = os.environ.get(LIBRARY_VARIABLE)
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    path = Path(chosen) if chosen else Path(__file__).with_name(f"_core{suffix}")
    if not chosen and not path.is_file():
        return None
    library = ctypes.CDLL(str(path))
    return CompiledCore(library) if library.core_version() == VERSION else None


compiled: CompiledCore | None = _load()
