"""An account's quotas and usage beside what a pipeline needs: which deploy would fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from penstock.catalog.facts import in_words
from penstock.planner.quotas import QuotaNeed

Verdict = Literal["enough", "too little", "unknown"]
_RUNNING = "InProgress"


@dataclass(frozen=True)
class _JobKind:
    """How the SageMaker API calls a kind of job, and where in its description its machines are."""

    noun: str
    machines: tuple[str, ...]
    is_spot: bool = False


_JOBS = {
    "sagemaker.training": _JobKind("training", ("ResourceConfig",)),
    "sagemaker.spot_training": _JobKind("training", ("ResourceConfig",), is_spot=True),
    "sagemaker.transform": _JobKind("transform", ("TransformResources",)),
    "sagemaker.processing": _JobKind("processing", ("ProcessingResources", "ClusterConfig")),
}


@dataclass(frozen=True)
class Finding:
    """A quota's value and what of it is in use; None is unknown, `reason` says why."""

    need: QuotaNeed
    value: float | None
    used: float | None
    reason: str | None = None

    @property
    def verdict(self) -> Verdict:
        """Whether the pipeline fits beside what is there."""
        if self.value is None:
            return "unknown"
        return "enough" if (self.used or 0) + self.need.needed <= self.value else "too little"

    def in_words(self) -> str:
        """One line: the quota, the need, the verdict and what would fail."""
        if self.value is None:
            return f"unknown: {self.need.name}: {self.reason}"
        used = "use unknown" if self.used is None else f"{in_words(self.used)} in use"
        state = (
            f"{self.need.name}: {in_words(round(self.need.needed, 2))} needed, "
            f"{in_words(self.value)} allowed, {used}"
        )
        if self.verdict == "enough":
            return f"enough: {state}"
        return f"TOO LITTLE: {state}: {self.need.what_fails} would fail"

    def document(self) -> dict[str, Any]:
        """The finding as JSON has it."""
        return {
            "name": self.need.name,
            "moment": self.need.moment,
            "stack": self.need.stack,
            "needed": self.need.needed,
            "value": self.value,
            "used": self.used,
            "verdict": self.verdict,
            "reason": self.reason,
            "fails": self.need.what_fails if self.verdict == "too little" else None,
        }


class Account:
    """Reads quotas and usage of an account in a Region; it changes nothing.

    `client` gives a boto3 client by its service's name. What may not be read is unknown and said
    so. `own_endpoint` is the pipeline's endpoint, which is no use beside itself.
    """

    def __init__(self, client: Callable[[str], Any], *, own_endpoint: str) -> None:
        self._client = client
        self._own_endpoint = own_endpoint
        self._quotas: dict[str, Mapping[str, float]] = {}
        self._running: dict[str, dict[tuple[bool, str], int]] = {}

    def check(self, needs: Iterable[QuotaNeed]) -> list[Finding]:
        """Each need beside the account."""
        return [self._check(need) for need in needs]

    def _check(self, need: QuotaNeed) -> Finding:
        from botocore.exceptions import ClientError

        try:
            value, used = self._value(need), self._used(need)
        except ClientError as error:
            return Finding(need, None, None, f"{error.operation_name}: {error}")
        if value is None:
            return Finding(need, None, used, "Service Quotas has none of this name")
        return Finding(need, value, used)

    def _value(self, need: QuotaNeed) -> float | None:
        if need.key == "kinesis.shards":
            return float(self._kinesis["ShardLimit"])
        if need.key == "kinesis.on_demand_streams":
            return float(self._kinesis["OnDemandStreamCountLimit"])
        if need.key == "lambda.concurrency":
            limits = self._client("lambda").get_account_settings()["AccountLimit"]
            return float(limits["UnreservedConcurrentExecutions"])
        return self._quota(need.facts.service_code, need.name)

    def _used(self, need: QuotaNeed) -> float | None:
        """None where nothing tells it: running jobs of Glue, executions of functions."""
        if need.key == "kinesis.shards":
            return float(self._kinesis["OpenShardCount"])
        if need.key == "kinesis.on_demand_streams":
            return float(self._kinesis["OnDemandStreamCount"])
        if need.key == "firehose.streams":
            return float(self._delivery_streams())
        machine = need.name.partition(" ")[0]
        if need.key == "sagemaker.endpoint":
            return float(self._hosting.get(machine, 0))
        if need.key in _JOBS:
            kind = _JOBS[need.key]
            return float(self._jobs(kind).get((kind.is_spot, machine), 0))
        return None

    def _quota(self, service_code: str, name: str) -> float | None:
        """The applied value, else AWS's default."""
        if service_code not in self._quotas:
            quotas = self._client("service-quotas")
            found: dict[str, float] = {}
            for operation in ("list_aws_default_service_quotas", "list_service_quotas"):
                pages = quotas.get_paginator(operation).paginate(ServiceCode=service_code)
                for page in pages:
                    found |= {
                        entry["QuotaName"].lower(): float(entry["Value"])
                        for entry in page["Quotas"]
                        if "Value" in entry
                    }
            self._quotas[service_code] = found
        return self._quotas[service_code].get(name.lower())

    @cached_property
    def _kinesis(self) -> Mapping[str, int]:
        limits: Mapping[str, int] = self._client("kinesis").describe_limits()
        return limits

    def _delivery_streams(self) -> int:
        firehose, count, last = self._client("firehose"), 0, None
        while True:
            more: dict[str, str] = {"ExclusiveStartDeliveryStreamName": last} if last else {}
            page = firehose.list_delivery_streams(**more)
            names = page["DeliveryStreamNames"]
            count += len(names)
            if not page["HasMoreDeliveryStreams"] or not names:
                return count
            last = names[-1]

    @cached_property
    def _hosting(self) -> dict[str, int]:
        """Instances by type of all endpoints but the pipeline's own."""
        sagemaker, counts = self._client("sagemaker"), dict[str, int]()
        for page in sagemaker.get_paginator("list_endpoints").paginate():
            for endpoint in page["Endpoints"]:
                if endpoint["EndpointName"] == self._own_endpoint:
                    continue
                shown = sagemaker.describe_endpoint(EndpointName=endpoint["EndpointName"])
                config = sagemaker.describe_endpoint_config(
                    EndpointConfigName=shown["EndpointConfigName"]
                )
                types = {
                    variant["VariantName"]: variant.get("InstanceType")
                    for variant in config["ProductionVariants"]
                }
                for variant in shown.get("ProductionVariants", []):
                    machine = types.get(variant["VariantName"])
                    if machine is not None:
                        count = max(
                            variant.get("CurrentInstanceCount", 0),
                            variant.get("DesiredInstanceCount", 0),
                        )
                        counts[machine] = counts.get(machine, 0) + count
        return counts

    def _jobs(self, kind: _JobKind) -> dict[tuple[bool, str], int]:
        """Machines of all jobs of a kind that run now, by whether they are spare ones and type."""
        if kind.noun in self._running:
            return self._running[kind.noun]
        sagemaker, counts = self._client("sagemaker"), dict[tuple[bool, str], int]()
        verb = f"{kind.noun}_job"
        for page in sagemaker.get_paginator(f"list_{verb}s").paginate(StatusEquals=_RUNNING):
            for job in page[f"{kind.noun.capitalize()}JobSummaries"]:
                name = f"{kind.noun.capitalize()}JobName"
                shown = getattr(sagemaker, f"describe_{verb}")(**{name: job[name]})
                is_spot = bool(shown.get("EnableManagedSpotTraining", False))
                for part in kind.machines:
                    shown = shown[part]
                _add(counts, shown, is_spot=is_spot)
        self._running[kind.noun] = counts
        return counts


def _add(
    counts: dict[tuple[bool, str], int], resources: Mapping[str, Any], *, is_spot: bool
) -> None:
    """Add a job's machines; clusters of several types list them in groups."""
    for group in resources.get("InstanceGroups") or [resources]:
        machine = group.get("InstanceType")
        if machine is not None:
            key = (is_spot, machine)
            counts[key] = counts.get(key, 0) + int(group.get("InstanceCount", 0))
