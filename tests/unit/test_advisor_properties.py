"""The advisor on needs of every size: all candidates fit, and more never leads to less."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.advisor import Candidate, Hosting, Model, Need, Training, choose
from penstock.advisor.model import Dtype
from penstock.advisor.needs import Kind

PARAMETERS = st.integers(10**6, 2 * 10**12)
ANYWHERE: tuple[Kind, ...] = get_args(Kind)
HEADROOMS = st.sampled_from([0.0, 0.1, 0.2, 0.5])


@st.composite
def models(draw: st.DrawFn, parameters: int | None = None) -> Model:
    return Model(
        parameters=parameters or draw(PARAMETERS),
        dtype=draw(st.sampled_from([d for d in get_args(Dtype) if d != "int8"])),
        layers=draw(st.integers(1, 120)),
        hidden_size=draw(st.integers(64, 16384)),
    )


@st.composite
def needs(draw: st.DrawFn) -> Need:
    shared = {
        "model": draw(models()),
        "sequence_length": draw(st.none() | st.integers(1, 32768)),
        "vcpus": draw(st.none() | st.integers(1, 256)),
        "network_gbps": draw(st.none() | st.floats(0.1, 500)),
        "spread": draw(st.booleans()),
        "headroom": draw(HEADROOMS),
        "runs_on": tuple(draw(st.sets(st.sampled_from(ANYWHERE), min_size=1))),
        "architectures": draw(st.sampled_from([("amd64",), ("amd64", "arm64")])),
    }
    if draw(st.booleans()):
        return Hosting(**shared, concurrent_requests=draw(st.integers(1, 64)))
    return Training(**shared, batch_size=draw(st.integers(1, 32)))


def available_gib(candidate: Candidate, need: Need) -> tuple[float, int]:
    """Memory that may be used, and by how many accelerators at once: from the facts alone."""
    machine = candidate.instance
    if machine.accelerator is None:
        assert machine.memory_gib is not None
        return machine.memory_gib * (1 - need.headroom), 1
    assert machine.accelerator.memory_gib is not None
    assert machine.accelerator.count is not None
    count = machine.accelerator.count if need.spread else 1
    return machine.accelerator.memory_gib * count * (1 - need.headroom), count


def needed_gib(need: Need, accelerators: int) -> float:
    assert need.model is not None
    if isinstance(need, Hosting):
        total = need.model.weights_gib
        if need.sequence_length is not None:
            total += need.model.cache_gib(need.sequence_length, need.concurrent_requests)
        return total
    assert isinstance(need, Training)
    total = need.model.training_state_gib(need.optimizer)
    if need.sequence_length is not None:
        each = need.model.activations_gib(need.sequence_length, need.batch_size)
        total += each * accelerators
    return total


@settings(deadline=None)
@given(needs())
def test_every_candidate_fits(need: Need) -> None:
    for candidate in choose(need).candidates:
        machine = candidate.instance
        available, accelerators = available_gib(candidate, need)
        assert needed_gib(need, accelerators) <= available * (1 + 1e-9)
        assert machine.vcpus is not None or need.vcpus is None
        assert (machine.vcpus or 0) >= (need.vcpus or 0)
        assert (machine.network_gbps or 0) >= (need.network_gbps or 0)
        assert machine.architecture in need.architectures
        kind = machine.accelerator.kind if machine.accelerator else "cpu"
        assert need.runs_on is not None
        assert kind in need.runs_on
        assert machine.training if isinstance(need, Training) else machine.hosting
        assert not (isinstance(need, Training) and (machine.graviton or kind == "inferentia"))


@settings(deadline=None)
@given(needs())
def test_the_order_is_that_of_the_price_and_unknown_ones_are_last(need: Need) -> None:
    prices = [candidate.usd_per_unit for candidate in choose(need).candidates]
    known = [price for price in prices if price is not None]
    assert prices[: len(known)] == known
    assert all(a <= b * (1 + 1e-12) for a, b in pairwise(known))


@settings(deadline=None)
@given(
    st.tuples(PARAMETERS, PARAMETERS),
    st.sampled_from([Hosting, Training]),
    st.booleans(),
    st.sets(st.sampled_from(ANYWHERE), min_size=1, max_size=1),
    HEADROOMS,
)
def test_a_larger_model_never_gets_less_memory(
    sizes: tuple[int, int],
    kind: type[Need],
    spread: bool,
    runs_on: set[Kind],
    headroom: float,
) -> None:
    memory = []
    for parameters in sorted(sizes):
        need = kind(
            model=Model(parameters=parameters, dtype="float16"),
            spread=spread,
            runs_on=tuple(runs_on),
            headroom=headroom,
        )
        chosen = choose(need).chosen
        memory.append(float("inf") if chosen is None else available_gib(chosen, need)[0])
    assert memory[0] <= memory[1]


@settings(deadline=None)
@given(st.tuples(st.floats(0.5, 5000), st.floats(0.5, 5000)), st.sampled_from([Hosting, Training]))
def test_more_memory_never_leads_to_a_machine_with_less(
    sizes: tuple[float, float], kind: type[Need]
) -> None:
    memory = []
    for memory_gib in sorted(sizes):
        chosen = choose(kind(memory_gib=memory_gib)).chosen
        memory.append(float("inf") if chosen is None else chosen.instance.memory_gib or 0)
    assert memory[0] <= memory[1]


@settings(deadline=None)
@given(needs(), st.floats(0, 0.45))
def test_more_headroom_never_brings_a_candidate_back(need: Need, more: float) -> None:
    before = {candidate.name for candidate in choose(need).candidates}
    tighter = need.model_copy(update={"headroom": need.headroom + more})
    assert {candidate.name for candidate in choose(tighter).candidates} <= before
