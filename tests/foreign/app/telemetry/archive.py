"""Camera frames and other raw bytes, kept as they come."""

from aws_cdk import Duration, Size
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_s3 as s3
from constructs import Construct


class FrameArchive(Construct):
    """PutRecord -> gzip objects under `frames/` and the default time layout."""

    def __init__(self, scope: Construct, construct_id: str, *, landing: s3.IBucket) -> None:
        super().__init__(scope, construct_id)
        delivery = firehose.DeliveryStream(
            self,
            "Delivery",
            destination=firehose.S3Bucket(
                landing,
                data_output_prefix="frames/",
                error_output_prefix="frames-lost/",
                compression=firehose.Compression.GZIP,
                buffering_interval=Duration.minutes(5),
                buffering_size=Size.mebibytes(1),
            ),
        )
        self.delivery_stream_name = delivery.delivery_stream_name
