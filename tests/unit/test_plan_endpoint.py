"""Instances of an endpoint: enough, and one less is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.planner.endpoint import EndpointPlan, figures

REQUESTS = st.floats(min_value=0.01, max_value=1e6)
LATENCIES = st.floats(min_value=0.1, max_value=60_000)
VCPUS = st.one_of(st.none(), st.integers(min_value=1, max_value=192))


def test_an_instance_is_planned_for_half_of_what_its_vcpus_bear() -> None:
    plan = EndpointPlan(requests_per_second=100, latency_ms=20, vcpus=2)
    assert plan.borne_by_one == 50  # 2 x 50 a second, half of it
    assert plan.instances == 2


@given(REQUESTS, LATENCIES, VCPUS)
def test_the_instances_are_enough_and_one_less_is_not(
    requests: float, latency_ms: float, vcpus: int | None
) -> None:
    plan = EndpointPlan(requests, latency_ms, vcpus)
    slack = 1 + 1e-6
    assert plan.instances * plan.borne_by_one * slack >= requests
    assert plan.instances == 1 or (plan.instances - 1) * plan.borne_by_one < requests


@given(REQUESTS, LATENCIES, VCPUS, st.floats(min_value=1, max_value=100))
def test_more_requests_or_a_slower_model_never_need_fewer(
    requests: float, latency_ms: float, vcpus: int | None, times: float
) -> None:
    plan = EndpointPlan(requests, latency_ms, vcpus)
    assert EndpointPlan(requests * times, latency_ms, vcpus).instances >= plan.instances
    assert EndpointPlan(requests, latency_ms * times, vcpus).instances >= plan.instances


def test_without_a_load_the_description_is_shown_and_what_is_missing_said() -> None:
    (figure,) = figures(described=3, requests_per_second=None, latency_ms=20, vcpus=2)
    assert figure.value == 3
    assert figure.because.endswith("give --requests-per-second")


@pytest.mark.parametrize(("vcpus", "said"), [(4, "vCPUs 4"), (None, "unknown, so one")])
def test_the_vcpus_are_said(vcpus: int | None, said: str) -> None:
    instances, target = figures(described=1, requests_per_second=10, latency_ms=100, vcpus=vcpus)
    assert said in instances.because
    assert target.value == (vcpus or 1) * 10 * 0.5 * 60
