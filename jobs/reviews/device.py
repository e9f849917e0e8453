"""What computes on this machine: CPU, GPUs or Neuron cores; how many, and in which precision.

What is said of Neuron is by aws-neuron/aws-neuron-sdk@2086a70, the developer guide for training
with PyTorch NeuronX, and unconfirmed: no such machine was there to try it on.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Device:
    """One device of a process; `kind` is cpu, cuda or neuron."""

    kind: str
    torch_device: Any

    @property
    def is_half(self) -> bool:
        """Whether matrix products are bfloat16: on accelerators that can."""
        if self.kind == "cuda":
            return bool(torch.cuda.is_bf16_supported())
        return self.kind == "neuron"

    @property
    def has_one_shape(self) -> bool:
        """Whether each new shape of a batch is compiled anew, for minutes."""
        return self.kind == "neuron"

    def precision(self) -> contextlib.AbstractContextManager[Any]:
        """Matrix products in bfloat16 on an accelerator, all in float32 elsewhere.

        Neuron's compiler casts by itself.
        """
        if self.kind != "cuda" or not self.is_half:
            return contextlib.nullcontext()
        half: contextlib.AbstractContextManager[Any] = torch.autocast("cuda", dtype=torch.bfloat16)
        return half

    def put(self, array: Any) -> Any:
        """A numpy array as a tensor on the device; a GPU need not be waited for."""
        tensor = torch.from_numpy(array)
        if self.kind == "cuda":
            return tensor.pin_memory().to(self.torch_device, non_blocking=True)
        return tensor.to(self.torch_device)

    def seed(self, number: int) -> None:
        """Begin the random numbers of this process and its device."""
        torch.manual_seed(number)
        if self.kind == "neuron":
            import torch_xla.core.xla_model as xm

            xm.set_rng_state(number)

    def step_done(self) -> None:
        """Neuron compiles and runs what was recorded since the last step."""
        if self.kind == "neuron":
            import torch_xla.core.xla_model as xm

            xm.mark_step()


def kind_here() -> str:
    """What this machine has. That torch_neuronx is there only where Neuron cores are is assumed."""
    if torch.cuda.is_available():
        return "cuda"
    return "neuron" if importlib.util.find_spec("torch_neuronx") is not None else "cpu"


def count_here() -> int:
    """How many processes this machine is for: one a GPU or a Neuron core, one on CPUs.

    SM_NUM_NEURONS is the training toolkit's own (aws/sagemaker-training-toolkit@3383937).
    """
    kind = kind_here()
    if kind == "cuda":
        return int(torch.cuda.device_count())
    return max(1, int(os.environ.get("SM_NUM_NEURONS", "1"))) if kind == "neuron" else 1


def open_device(local_rank: int) -> Device:
    """The device of this process, by its number on the machine."""
    kind = kind_here()
    if kind == "cuda":
        torch.cuda.set_device(local_rank)
        return Device(kind, torch.device("cuda", local_rank))
    if kind == "neuron":
        import torch_xla.core.xla_model as xm

        return Device(kind, xm.xla_device())
    return Device(kind, torch.device("cpu"))
