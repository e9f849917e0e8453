"""Turns a need into what a machine must have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import singledispatch

from penstock.advisor.model import Dtype
from penstock.advisor.needs import Hosting, Kind, Measured, Need, Training
from penstock.catalog import algorithms
from penstock.catalog.instances import Use

# botocore 1.44.5 sagemaker model, TransformResources.InstanceType: ml.m4.xlarge or ml.m5.large for
# first-party algorithms on data of a moderate size; taken as the least where nothing else is known
_ALGORITHM_VCPUS = 2
_ALGORITHM_MEMORY_GIB = 8

_BITS_IN_BYTE = 8
_SECONDS_IN_MINUTE = 60


@dataclass(frozen=True)
class Demand:
    """What one machine must have, and what all of them together are to do.

    `model_gib` is what the model takes once, and `each_gib` what it takes beside that on every
    accelerator that works at it: on one, on all of a machine with `spread`. On a CPU both are taken
    of the machine's memory. `kinds_rule` says who demands the kinds.
    """

    use: Use
    kinds: tuple[Kind, ...]
    kinds_rule: str
    architectures: tuple[str, ...]
    headroom: float
    spread: bool
    also: tuple[Use, ...] = ()
    families: tuple[str, ...] | None = None
    accelerated_families: tuple[str, ...] | None = None
    dtype: Dtype | None = None
    model_gib: float = 0
    each_gib: float = 0
    model_parts: tuple[str, ...] = ()
    memory_gib: float = 0
    vcpus: int = 1
    network_gbps: float = 0
    efa: bool = False
    storage_gb: float = 0
    volume_key: bool = False
    machines: int = 1
    per_second: float | None = None
    work: str = "requests"
    latency_ms: float | None = None
    measured: Mapping[str, Measured] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()

    def judged(self, name: str) -> bool:
        """Whether the speed that is wanted, if any is, was measured on a type."""
        measured = self.measured.get(name)
        if measured is None or (self.per_second is None and self.latency_ms is None):
            return False
        return self.latency_ms is None or measured.latency_ms is not None


@dataclass(frozen=True)
class _Program:
    """What is to run, and on what it can."""

    kinds: tuple[Kind, ...]
    rule: str
    architectures: tuple[str, ...]
    families: tuple[str, ...] | None
    memory_gib: float
    vcpus: int
    notes: tuple[str, ...]
    unconfirmed: tuple[str, ...]


@singledispatch
def demand_of(need: Need) -> Demand:
    """What a machine must have for a need."""
    raise TypeError(f"{need!r}: no need that is known; give a Training or a Hosting")


@demand_of.register
def _training(need: Training) -> Demand:
    program = _program(need, "training")
    model_gib = each_gib = 0.0
    parts: list[str] = []
    if need.model is not None:
        model_gib = need.model.training_state_gib(need.optimizer)
        parts.append(f"{model_gib:.1f} GiB of weights, gradients and the state of {need.optimizer}")
        if need.sequence_length is not None:
            each_gib = need.model.activations_gib(need.sequence_length, need.batch_size)
            parts.append(
                f"{each_gib:.1f} GiB of activations on each accelerator, {need.batch_size} x "
                f"{need.sequence_length}"
            )
    network_gbps = need.network_gbps or 0.0
    if need.data_gb is not None and need.load_minutes is not None:
        seconds = need.load_minutes * _SECONDS_IN_MINUTE
        network_gbps = max(network_gbps, need.data_gb * _BITS_IN_BYTE / seconds)
    stored_gb = need.data_gb if need.input_mode == "File" and need.data_gb is not None else 0.0
    return Demand(
        use="training",
        kinds=program.kinds,
        kinds_rule=program.rule,
        architectures=program.architectures,
        headroom=need.headroom,
        spread=need.spread,
        families=need.families,
        accelerated_families=program.families,
        dtype=need.model.dtype if need.model else None,
        model_gib=model_gib,
        each_gib=each_gib,
        model_parts=tuple(parts),
        memory_gib=program.memory_gib,
        vcpus=program.vcpus,
        network_gbps=network_gbps,
        efa=need.efa,
        storage_gb=stored_gb,
        volume_key=need.volume_key,
        machines=need.machines,
        per_second=need.rows_per_second,
        work="rows",
        measured=need.measured,
        notes=(*program.notes, *_uncounted(need, "activations")),
        unconfirmed=program.unconfirmed,
    )


@demand_of.register
def _hosting(need: Hosting) -> Demand:
    program = _program(need, "hosting")
    model_gib, parts = 0.0, list[str]()
    if need.model is not None:
        model_gib = need.model.weights_gib
        parts.append(f"{model_gib:.1f} GiB of weights")
        if need.sequence_length is not None:
            cache_gib = need.model.cache_gib(need.sequence_length, need.concurrent_requests)
            model_gib += cache_gib
            parts.append(
                f"{cache_gib:.1f} GiB of keys and values, {need.concurrent_requests} x "
                f"{need.sequence_length}"
            )
    return Demand(
        use="hosting",
        also=("transform",) if need.transform else (),
        kinds=program.kinds,
        kinds_rule=program.rule,
        architectures=program.architectures,
        headroom=need.headroom,
        spread=need.spread,
        families=need.families,
        accelerated_families=program.families,
        dtype=need.model.dtype if need.model else None,
        model_gib=model_gib,
        model_parts=tuple(parts),
        memory_gib=program.memory_gib,
        vcpus=program.vcpus,
        network_gbps=need.network_gbps or 0,
        volume_key=need.volume_key,
        per_second=need.requests_per_second,
        latency_ms=need.latency_ms,
        measured=need.measured,
        notes=(*program.notes, *_uncounted(need, "keys and values")),
        unconfirmed=program.unconfirmed,
    )


def _program(need: Need, use: Use) -> _Program:
    if need.algorithm is not None:
        return _first_party(need, need.algorithm, use)
    kinds = need.runs_on or (("gpu",) if need.model is not None else ("cpu",))
    return _Program(
        kinds=kinds,
        rule=f"the program runs on {', '.join(kinds)} (runs_on)",
        architectures=need.architectures,
        families=None,
        memory_gib=need.memory_gib or 0,
        vcpus=need.vcpus or 1,
        notes=(),
        unconfirmed=(),
    )


def _first_party(need: Need, name: str, use: Use) -> _Program:
    facts = algorithms.algorithm(name)
    if use == "training":
        cpu, families, machines = facts.cpu, facts.accelerated_families, facts.machines
    else:
        cpu = facts.cpu_hosting is True  # None is unconfirmed: nothing is assumed to fit
        families = facts.accelerated_families if facts.accelerated_hosting else ()
        machines = facts.hosting_machines
    documented = (*_where("cpu", cpu), *_where("gpu", bool(families)))
    notes = []
    if use == "hosting" and facts.cpu_hosting is None:
        notes.append(f"whether {name} answers on a CPU type is unconfirmed")
    if need.vcpus is None and need.memory_gib is None:
        notes.append(
            f"at least {_ALGORITHM_VCPUS} vCPU and {_ALGORITHM_MEMORY_GIB} GiB are taken, as in "
            "ml.m5.large, which SageMaker recommends for first-party algorithms on data of a "
            "moderate size (botocore 1.44.5, TransformResources.InstanceType); no source says "
            "what the data will take: give memory_gib"
        )
    return _Program(
        kinds=tuple(kind for kind in documented if kind in (need.runs_on or documented)),
        rule=f"{name} is documented for {machines} ({facts.citation})",
        architectures=(facts.architecture,),
        families=families,
        memory_gib=need.memory_gib or _ALGORITHM_MEMORY_GIB,
        vcpus=need.vcpus or _ALGORITHM_VCPUS,
        notes=tuple(notes),
        unconfirmed=tuple(f"{name}: {point}" for point in facts.unconfirmed),
    )


def _where(kind: Kind, documented: bool) -> tuple[Kind, ...]:
    return (kind,) if documented else ()


def _uncounted(need: Need, what: str) -> tuple[str, ...]:
    if need.model is None or need.sequence_length is not None:
        return ()
    return (f"without sequence_length no {what} are counted; only the headroom is left for them",)
