"""A random sample of rows that come batch by batch, without replacement, in bounded memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Reservoir:
    """Keeps the `size` rows with the smallest random keys: every row is as likely as any other.

    What is kept depends on the generator and the rows' order, not on the batches' lengths. The
    smallest keys of several reservoirs together are a sample of all their rows.
    """

    def __init__(self, size: int, features: int, generator: np.random.Generator) -> None:
        self._size = size
        self._generator = generator
        self._rows = [np.zeros((0, features), np.float32)]
        self._keys = [np.zeros(0)]
        self._held = 0
        self._limit = np.inf  # no key from here on gets into the sample

    def add(self, rows: NDArray[np.float32]) -> None:
        """Offer (n, features) rows."""
        self._take(rows, self._generator.random(len(rows)))

    def merge(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Offer what another reservoir holds, as its `arrays` gave it."""
        self._take(arrays["rows"], arrays["keys"])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """`rows` (n, features) in random order and their `keys` (n,), n at most the size."""
        self._shrink()
        return {"rows": self._rows[0], "keys": self._keys[0]}

    def _take(self, rows: NDArray[np.float32], keys: NDArray[np.float64]) -> None:
        low = keys < self._limit
        self._rows.append(rows[low])
        self._keys.append(keys[low])
        self._held += int(low.sum())
        if self._held > 2 * self._size:
            self._shrink()

    def _shrink(self) -> None:
        keys = np.concatenate(self._keys)
        best = np.argsort(keys)[: self._size]
        self._rows = [np.concatenate(self._rows)[best]]
        self._keys = [keys[best]]
        self._held = len(best)
        if self._held == self._size:
            self._limit = float(keys[best[-1]])
