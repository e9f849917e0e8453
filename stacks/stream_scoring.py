"""Scores while the stream flows: a function on it, its windows, where scores and failures go."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from pipelines.spec import Network, Pipeline, Scoring
from stacks.layer import Layer
from stacks.nag import acknowledge
from stacks.names import STREAM_SCORES_PREFIX, Names
from stacks.removal import Removal
from stacks.score_delivery import ScoreDelivery
from stacks.score_function import ScoreFunction
from stacks.window_table import WindowTable

DEAD_LETTER_DAYS = 14  # the longest that SQS keeps a message


class StreamScoring(Layer):
    """Nothing refers to this stack, and it knows the endpoint by its literal name alone.

    So it deploys before any model exists; what flows by until then is skipped and counted.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        pipeline: Pipeline,
        scoring: Scoring,
        stream: kinesis.IStream,
        lake: s3.IBucket,
        artifacts: s3.IBucket,
        alerts: sns.ITopic,
        key: kms.IKey,
        removal: Removal,
        network: Network | None,
        log_retention_days: int,
    ) -> None:
        super().__init__(
            scope, construct_id, names=names, description="Scores of the pipeline's stream"
        )
        dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(DEAD_LETTER_DAYS),
            removal_policy=removal.policy,
        )
        acknowledge(dead_letters, "SQS3", reason="it is the dead-letter queue itself")
        windows = WindowTable(self, "Windows", key=key, removal=removal)
        delivery = ScoreDelivery(
            self,
            "Delivery",
            scoring=scoring,
            bucket=lake,
            key=key,
            log_retention_days=log_retention_days,
        )
        function = ScoreFunction(
            self,
            "Score",
            names=names,
            pipeline=pipeline,
            scoring=scoring,
            stream=stream,
            windows=windows.table,
            delivery_stream=delivery.delivery_stream,
            dead_letters=dead_letters,
            artifacts=artifacts,
            alerts=alerts,
            key=key,
            network=network,
            log_retention_days=log_retention_days,
        )
        self._read_stream(function.function, scoring, stream, dead_letters)
        schema = pipeline.record_schema
        for name, value in {
            "ScoresPrefix": STREAM_SCORES_PREFIX,
            "ScoringDeadLetterQueueUrl": dead_letters.queue_url,
            "ScoringDeliveryStreamName": delivery.delivery_stream.delivery_stream_name,
            "ScoringFunctionName": function.function.function_name,
            "ScoringLogGroupName": function.log_group.log_group_name,
            "ScoringTableName": windows.table.table_name,
            "SeriesField": schema.series_field,
            "TimeField": schema.time_field,
            "ValueField": schema.feature_columns[0],
            "LabelField": schema.label_field,
        }.items():
            if value is not None:
                CfnOutput(self, name, value=value)

    def _read_stream(
        self,
        function: lambda_.IFunction,
        scoring: Scoring,
        stream: kinesis.IStream,
        dead_letters: sqs.IQueue,
    ) -> None:
        """From the oldest record that the stream has: what came during a deployment counts, too.

        The dead-letter queue gets here what Lambda gives up; the function itself sends what is no
        record there.
        """
        retries = scoring.retry_attempts
        lambda_.EventSourceMapping(
            self,
            "FromStream",
            target=function,
            event_source_arn=stream.stream_arn,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=scoring.batch_records,
            max_batching_window=Duration.seconds(scoring.batch_window_seconds),
            parallelization_factor=scoring.parallelization,
            bisect_batch_on_error=True,
            report_batch_item_failures=True,
            max_record_age=Duration.seconds(scoring.max_record_age_seconds),
            retry_attempts=retries,
            on_failure=event_sources.SqsDlq(dead_letters),
        )
