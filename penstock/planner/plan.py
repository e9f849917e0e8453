"""All figures of a pipeline at one load, in the order of the data's way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from penstock.planner import endpoint, fan_out, machines, prepare, recordio, request_rates, skew
from penstock.planner.delivery import DirectPutPlan, ObjectPlan
from penstock.planner.described import Described
from penstock.planner.figure import Figure
from penstock.planner.keys import Keys
from penstock.planner.load import Load
from penstock.planner.on_demand import OnDemandPlan
from penstock.planner.prepare import WorkerPlan, larger
from penstock.planner.scorer import ScorerPlan
from penstock.planner.shards import ShardPlan
from penstock.planner.training import HostPlan
from penstock.planner.transform import TransformPlan

HOURS = 730  # a month, as AWS's own calculator counts it
SCORE_KB = 0.2  # one score as a JSON line: series, time, value, score, threshold, model


@dataclass(frozen=True)
class Plan:
    """What one pipeline needs at a load.

    `requests_per_second` are those of clients to the endpoint, the scorer's not among them;
    `keys` are the stream's partition keys; each of them None where it is not known.
    `served_share` is the share of a month in which there is an endpoint.
    """

    pipeline: Described
    load: Load
    region: str
    keys: Keys | None = None
    requests_per_second: float | None = None
    latency_ms: float | None = None
    served_share: float = 1

    def at(self, records_per_second: float) -> Plan:
        """The same plan at another rate of records."""
        return replace(self, load=self.load.at(records_per_second))

    @cached_property
    def shards(self) -> int:
        """Shards when keys spread evenly."""
        return ShardPlan.of(self.load).shards

    @cached_property
    def on_demand(self) -> OnDemandPlan:
        """The load on an on-demand stream."""
        return OnDemandPlan.of(self.load, self.region)

    @cached_property
    def objects(self) -> ObjectPlan:
        """The delivery of records to the lake."""
        return ObjectPlan(
            self.load.incoming_kb, self.load.records_per_second, self.pipeline.delivery
        )

    @cached_property
    def transform(self) -> TransformPlan:
        """The transform of the delivery."""
        return TransformPlan(self.load, self.shards, self.pipeline.delivery)

    @cached_property
    def scorer(self) -> ScorerPlan | None:
        """The scorer, if the pipeline has one."""
        scoring = self.pipeline.scoring
        if scoring is None:
            return None
        return ScorerPlan(
            self.load,
            self.shards,
            scoring,
            window_points=self.pipeline.prepare.window_points,
            latency_ms=self.latency_ms,
            series=None if self.keys is None else len(self.keys.shares),
        )

    @cached_property
    def score_objects(self) -> ObjectPlan | None:
        """The delivery of scores, if the stream is scored: one score a record at most."""
        scoring = self.pipeline.scoring
        if scoring is None:
            return None
        rate = self.load.records_per_second
        return ObjectPlan(rate * SCORE_KB, rate, scoring)

    @cached_property
    def score_puts(self) -> DirectPutPlan | None:
        """What the scorer's puts ask of Firehose."""
        if self.scorer is None:
            return None
        rate = self.load.records_per_second
        return DirectPutPlan.of(
            records_per_second=rate,
            requests_per_second=self.scorer.requests_per_second,
            kb=rate * SCORE_KB,
            region=self.region,
        )

    @cached_property
    def endpoint_requests(self) -> float | None:
        """Requests to the endpoint, of clients and of the scorer; None if nobody is known."""
        if self.scorer is None:
            return self.requests_per_second
        return self.scorer.requests_per_second + (self.requests_per_second or 0)

    @cached_property
    def endpoint_figures(self) -> list[Figure]:
        """The endpoint's instances and what they follow from."""
        serving = self.pipeline.serving
        if serving.serverless is not None:
            return endpoint.serverless_figures(
                serving.serverless.max_concurrency,
                requests_per_second=self.endpoint_requests,
                latency_ms=self.latency_ms,
            )
        return endpoint.figures(
            described=serving.instance_count,
            requests_per_second=self.endpoint_requests,
            latency_ms=self.latency_ms,
            lanes=machines.lanes(serving.instance_type),
        )

    @property
    def endpoint_instances(self) -> int:
        """The endpoint's instances, those of the description where the load is not known.

        None are there where it is serverless.
        """
        if self.pipeline.serving.serverless is not None:
            return 0
        return int(self.endpoint_figures[0].value or 0)

    @cached_property
    def month_records(self) -> float:
        """Records of a month."""
        return self.load.records_per_second * 3600 * HOURS

    @cached_property
    def workers(self) -> WorkerPlan:
        """The prepare job with a month's records."""
        gb = self.month_records * self.load.record_kb / 1e6
        return WorkerPlan(gb, self.pipeline.prepare.worker_type)

    @cached_property
    def fitting_workers(self) -> WorkerPlan:
        """The same, of a larger type where a job may not have so many of the description's."""
        return self.workers if self.workers.fits else larger(self.workers)

    @property
    def row(self) -> recordio.Row:
        """A row of the training channels."""
        pipeline = self.pipeline
        if pipeline.training.content_type != recordio.CONTENT_TYPE:
            return recordio.Row.unknown()
        if pipeline.row_tokens is not None:
            return recordio.Row.of_tokens(pipeline.row_tokens)
        if not pipeline.row_columns:
            return recordio.Row.unknown()
        return recordio.Row.of_features(len(pipeline.row_columns))

    @property
    def training_machines(self) -> int:
        """Those that a training is deployed with, or more if it needs more."""
        return max(self.pipeline.training.instance_count, self.hosts.hosts)

    @cached_property
    def hosts(self) -> HostPlan:
        """The training on a month's records."""
        training, size = self.pipeline.training, self.row.size
        return HostPlan(
            training,
            channel_gb=None if size is None else self.month_records * size / 1e9,
            network_gbps=machines.network_gbps(training.instance_type),
            sharded=training.distribution_of("train") == "ShardedByS3Key",
        )

    def sections(self) -> list[tuple[str, list[Figure]]]:
        """Every figure below a heading, in the order of the data's way."""
        pipeline, scorer = self.pipeline, self.scorer
        stream = [
            *ShardPlan.of(self.load).figures(described=pipeline.stream.shards),
            *self.on_demand.figures(),
            *fan_out.figures(self.load),
            *skew.figures(
                self.keys,
                self.load,
                self.shards,
                partition_key_field=pipeline.stream.partition_key_field,
            ),
        ]
        sections = [
            ("Stream", stream),
            (
                "Delivery",
                [*self.objects.figures("delivery", parquet=True), *self.transform.figures()],
            ),
        ]
        if scorer is not None and self.score_objects is not None and self.score_puts is not None:
            puts = self.score_puts
            sections.append(
                (
                    "Scorer",
                    [
                        *scorer.figures(),
                        *self.score_objects.figures("scores", parquet=False),
                        Figure(
                            "scores.direct_put_share",
                            round(puts.share, 4),
                            "of its quota",
                            f"{puts.decisive} decided, of records, requests and throughput"
                            + (
                                ""
                                if puts.share <= 1
                                else ": Firehose throttles until it has grown, or ask for more"
                            ),
                            source=("Firehose developer guide, quota",),
                        ),
                    ],
                )
            )
        sections += [
            (
                "Lake",
                request_rates.figures(objects_per_hour=self.objects.objects_per_hour, hours=HOURS),
            ),
            (
                "Training",
                [
                    *prepare.figures(pipeline.prepare, input_gb=self.workers.input_gb, hours=HOURS),
                    *recordio.figures(
                        row=self.row,
                        records=self.month_records,
                        hosts=self.hosts.hosts,
                        tasks=self.fitting_workers.tasks,
                    ),
                    *self.hosts.figures(),
                ],
            ),
            ("Endpoint", self.endpoint_figures),
        ]
        return sections
