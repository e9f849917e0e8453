"""A training job's channel as a PyTorch IterableDataset; needs torch, which the codec does not."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from penstock.recordio.pipe import PIPE, open_channel
from penstock.recordio.rows import LARGEST_INT32

TORCH = "2.13.0"  # the version of requirements/torch.in

try:
    import torch
    from torch.utils.data import IterableDataset, get_worker_info
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise ModuleNotFoundError(
        "penstock.recordio.torch_dataset needs PyTorch, which is not installed: "
        f"pip install torch=={TORCH}",
        name="torch",
    ) from None


class ChannelDataset(IterableDataset):  # type: ignore[misc]  # torch is not there for mypy
    """(X, y) tensors of up to `rows` records; each iteration is the next epoch of the channel.

    For `DataLoader(dataset, batch_size=None)`: batches come ready. X is (rows, D) of the records'
    type, or a sparse CSR tensor; y is (rows,), or None when records have no label.

    The workers of a DataLoader share the records, each record once: files in turn, or batches in
    turn with fewer files than workers. A FIFO has one reader: in Pipe mode worker 0 reads all and
    the others have nothing to do, which is said once. SageMaker shares objects out among hosts
    (ShardedByS3Key); processes of one host share its files with `rank` and `world_size`, those of
    the host. They do not get the same number of batches (torch's Join is for that).

    Dense rows are not copied where their place in memory allows it: the rows of such a tensor are
    as far apart as the records were, `X.contiguous()` makes them compact.
    """

    def __init__(
        self,
        name: str,
        rows: int,
        *,
        rank: int = 0,
        world_size: int = 1,
        opt_ml: Path | str | None = None,
    ) -> None:
        """As open_channel; ChannelError too for a FIFO that several processes shall share."""
        super().__init__()
        self._channel = open_channel(name, opt_ml=opt_ml)
        self._channel.check_share(rank, world_size)
        self._rows = rows
        self._rank = rank
        self._world_size = world_size
        # a DataLoader's workers are new processes in every epoch, and must know which one it is
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        worker = get_worker_info()
        number, workers = (worker.id, worker.num_workers) if worker is not None else (0, 1)
        if self._channel.mode == PIPE:
            if number:
                return
            self._say_who_reads(workers)
            number, workers = 0, 1
            self._channel.epoch = max(self._channel.epoch, int(self._epoch))
            self._epoch.fill_(self._channel.epoch + 1)
        batches = self._channel.batches(
            self._rows,
            rank=self._rank * workers + number,
            world_size=self._world_size * workers,
        )
        for x, y in batches:
            features = _dense(x) if isinstance(x, np.ndarray) else _sparse(x)
            yield features, None if y is None else torch.from_numpy(y.copy())

    def _say_who_reads(self, workers: int) -> None:
        if workers > 1 and not int(self._epoch):
            warnings.warn(
                f"channel {self._channel.name} is in Pipe mode, and a FIFO has one reader: worker "
                f"0 of {workers} reads it, the others have nothing to do. num_workers=1 is enough",
                stacklevel=2,
            )


def _dense(values: npt.NDArray[Any]) -> Any:
    """A view where torch can have one: aligned, writable, whole values from row to row."""
    fits = values.flags.aligned and values.flags.writeable
    fits = fits and all(step % values.itemsize == 0 for step in values.strides)
    return torch.from_numpy(values if fits else values.copy())


def _sparse(rows: Any) -> Any:
    if not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()  # a tensor's columns must rise, and come once
    index = rows.indices.dtype if rows.nnz <= LARGEST_INT32 else np.dtype(np.int64)
    pointers, columns = (part.astype(index, copy=False) for part in (rows.indptr, rows.indices))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(
            *(_dense(part) for part in (pointers, columns, rows.data)),
            size=rows.shape,
            check_invariants=False,  # the codec has checked the keys, and they are in order now
        )
