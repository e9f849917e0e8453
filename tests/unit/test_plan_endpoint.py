"""Instances of an endpoint: enough, and one less is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.planner.endpoint import EndpointPlan, figures
from penstock.planner.machines import Lanes, lanes

REQUESTS = st.floats(min_value=0.01, max_value=1e6)
LATENCIES = st.floats(min_value=0.1, max_value=60_000)
LANES = st.builds(
    Lanes, st.one_of(st.none(), st.integers(min_value=1, max_value=192)), st.just("vCPUs")
)


def test_an_instance_is_planned_for_half_of_what_its_vcpus_bear() -> None:
    plan = EndpointPlan(requests_per_second=100, latency_ms=20, lanes=Lanes(2, "vCPUs"))
    assert plan.borne_by_one == 50  # 2 x 50 a second, half of it
    assert plan.instances == 2


@given(REQUESTS, LATENCIES, LANES)
def test_the_instances_are_enough_and_one_less_is_not(
    requests: float, latency_ms: float, lanes: Lanes
) -> None:
    plan = EndpointPlan(requests, latency_ms, lanes)
    slack = 1 + 1e-6
    assert plan.instances * plan.borne_by_one * slack >= requests
    assert plan.instances == 1 or (plan.instances - 1) * plan.borne_by_one < requests


@given(REQUESTS, LATENCIES, LANES, st.floats(min_value=1, max_value=100))
def test_more_requests_or_a_slower_model_never_need_fewer(
    requests: float, latency_ms: float, lanes: Lanes, times: float
) -> None:
    plan = EndpointPlan(requests, latency_ms, lanes)
    assert EndpointPlan(requests * times, latency_ms, lanes).instances >= plan.instances
    assert EndpointPlan(requests, latency_ms * times, lanes).instances >= plan.instances


def test_without_a_load_the_description_is_shown_and_what_is_missing_said() -> None:
    (figure,) = figures(
        described=3, requests_per_second=None, latency_ms=20, lanes=Lanes(2, "vCPUs")
    )
    assert figure.value == 3
    assert figure.because.endswith("give --requests-per-second")


@pytest.mark.parametrize(
    ("instance_type", "said", "count"),
    [
        ("ml.m5.xlarge", "vCPUs 4", 4),
        ("ml.g5.12xlarge", "accelerators 4", 4),
        ("ml.inf2.xlarge", "accelerators 1", 1),
    ],
)
def test_what_answers_is_said(instance_type: str, said: str, count: int) -> None:
    instances, target = figures(
        described=1, requests_per_second=10, latency_ms=100, lanes=lanes(instance_type)
    )
    assert said in instances.because
    assert target.value == count * 10 * 0.5 * 60


def test_what_is_unknown_counts_as_one() -> None:
    instances, target = figures(
        described=1, requests_per_second=10, latency_ms=100, lanes=Lanes(None, "vCPUs")
    )
    assert "unknown, so one" in instances.because
    assert target.value == 10 * 0.5 * 60
