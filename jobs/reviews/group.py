"""The processes that train one model together: one a device, on all hosts of the job."""

from __future__ import annotations

import contextlib
import gc
import os
from types import TracebackType
from typing import Any

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from jobs.reviews.device import Device

BACKENDS = {"cpu": "gloo", "cuda": "nccl", "neuron": "xla"}


class Group:
    """This process's place among them, as torchrun tells it; alone where nothing is told.

    Gradients go from device to device: by DistributedDataParallel, or on Neuron, which advises
    against that, by torch_xla (the guide that device.py names). Numbers for people and decisions
    go between the hosts' CPUs (gloo), so that no device has to be waited for.
    """

    def __init__(self, kind: str) -> None:
        """Wait for the others; `kind` is the devices'."""
        self.rank = int(os.environ.get("RANK", "0"))
        self.size = int(os.environ.get("WORLD_SIZE", "1"))
        self.local_rank = int(os.environ.get("LOCAL_RANK", "0"))
        self.local_size = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        self._kind, self._talk = kind, None
        if self.size == 1:
            return
        if kind == "neuron":
            import torch_xla.distributed.xla_backend  # noqa: F401 (registers it)
        dist.init_process_group(BACKENDS[kind])
        self._talk = dist.group.WORLD if kind == "cpu" else dist.new_group(backend="gloo")

    def __enter__(self) -> Group:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # after an error the others may never come to say goodbye
        if self.size > 1 and error is None:
            dist.barrier(group=self._talk)  # nobody hangs up on one that still listens
            dist.destroy_process_group()
            # gloo's threads end with the last reference, and what DistributedDataParallel holds
            # is in cycles. One that lived on would abort the process while Python shuts down
            # (pytorch/pytorch pull request 179291)
            self._talk = None
            gc.collect()

    def parallel(self, model: Any, device: Device) -> Any:
        """The model whose gradients, after `backward`, are the mean over all processes."""
        if self.size == 1 or self._kind == "neuron":
            return model
        ids = [device.torch_device.index] if self._kind == "cuda" else None
        return DistributedDataParallel(
            model, device_ids=ids, broadcast_buffers=False, gradient_as_bucket_view=True
        )

    def alone(self, parallel: Any) -> contextlib.AbstractContextManager[Any]:
        """While gradients are added up that are not yet all."""
        if not isinstance(parallel, DistributedDataParallel):
            return contextlib.nullcontext()
        alone: contextlib.AbstractContextManager[Any] = parallel.no_sync()
        return alone

    def reduce(self, optimizer: Any) -> None:
        """The mean of the gradients where `parallel` has not made it."""
        if self.size > 1 and self._kind == "neuron":
            import torch_xla.core.xla_model as xm

            xm.reduce_gradients(optimizer)

    def added(self, value: float) -> float:
        """The sum over all processes."""
        if self.size == 1:
            return value
        place = torch.tensor(value, dtype=torch.float64)
        dist.all_reduce(place, group=self._talk)
        return float(place)

    def gathered(self, values: list[float]) -> list[float]:
        """The numbers of all processes, equally many of each, in the order of their ranks."""
        if self.size == 1:
            return values
        own = torch.tensor(values, dtype=torch.float64)
        places = [torch.zeros_like(own) for _ in range(self.size)]
        dist.all_gather(places, own, group=self._talk)
        return [float(value) for place in places for value in place]
