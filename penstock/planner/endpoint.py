"""Instances of an endpoint: from requests a second, the model's time, and what answers on one."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.catalog.facts import in_words
from penstock.catalog.limits import limit
from penstock.planner.figure import Figure
from penstock.planner.machines import Lanes
from penstock.planner.regions import most
from penstock.planner.rounding import whole

_ONE_AT_A_TIME = (
    "one request at a time on each of the {of}; the containers do not all say so: test the load"
)


@dataclass(frozen=True)
class EndpointPlan:
    """So many requests a second, each of which keeps one of the lanes for `latency_ms`.

    Where it is unknown how many there are, there is one. An instance is planned for half of what
    it bears at most (SageMaker developer guide, load testing your auto scaling configuration).
    """

    requests_per_second: float
    latency_ms: float
    lanes: Lanes

    @property
    def borne_by_one(self) -> float:
        """Requests a second that one instance is planned for."""
        at_most = (self.lanes.count or 1) * 1000 / self.latency_ms
        return at_most * most(limit("sagemaker.instance_share"))

    @property
    def instances(self) -> int:
        """How many are enough; one less is not."""
        return max(1, whole(self.requests_per_second / self.borne_by_one))


def figures(
    *,
    described: int,
    requests_per_second: float | None,
    latency_ms: float | None,
    lanes: Lanes,
) -> list[Figure]:
    """The instances of an endpoint, those of the description where the load is not known."""
    share = limit("sagemaker.instance_share")
    if requests_per_second is None or latency_ms is None:
        missing = [
            option
            for option, value in (
                ("--requests-per-second", requests_per_second),
                ("--latency-ms", latency_ms),
            )
            if value is None
        ]
        because = f"serving.instance_count: to plan it, give {' and '.join(missing)}"
        return [Figure("endpoint.instances", described, "instances", because)]
    plan = EndpointPlan(requests_per_second, latency_ms, lanes)
    count = "unknown, so one" if lanes.count is None else str(lanes.count)
    return [
        Figure(
            "endpoint.instances",
            plan.instances,
            "instances",
            f"{in_words(round(requests_per_second, 3))} requests/s / "
            f"{in_words(round(plan.borne_by_one, 3))} an instance: {lanes.of} {count} x 1,000 / "
            f"{in_words(latency_ms)} ms x {most(share):g}; one alone has no second zone",
            source=(share.citation,),
            unconfirmed=(_ONE_AT_A_TIME.format(of=lanes.of),),
        ),
        Figure(
            "endpoint.target_invocations_per_minute",
            round(plan.borne_by_one * 60, 3),
            "invocations/min",
            "SageMakerVariantInvocationsPerInstance, for autoscaling",
            source=(share.citation,),
        ),
    ]


def serverless_figures(
    max_concurrency: int, *, requests_per_second: float | None, latency_ms: float | None
) -> list[Figure]:
    """Requests that a serverless endpoint answers at once, where there are no instances."""
    if requests_per_second is None or latency_ms is None:
        because = "unknown: give --requests-per-second and --latency-ms"
        return [Figure("endpoint.concurrent_requests", None, "requests", because)]
    needed = requests_per_second * latency_ms / 1000
    enough = "is enough" if needed <= max_concurrency else "is too little: more is refused"
    return [
        Figure(
            "endpoint.concurrent_requests",
            round(needed, 3),
            "requests",
            f"{in_words(round(requests_per_second, 3))} requests/s x {latency_ms:g} ms; "
            f"serving.serverless.max_concurrency {max_concurrency} {enough}; waiting for "
            "containers that begin is not counted",
        )
    ]
