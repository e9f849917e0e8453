"""Objects of a delivery stream lie where their records' arrival says, not where it is now."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import Any

from penstock.localcloud.workers.firehose.objects import data_object, error_object, put
from penstock.localcloud.workers.firehose.settings import StreamSettings, read_settings

ARRIVAL = datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC)
TIME = "year=!{timestamp:yyyy}/hour=!{timestamp:HH}/"
KEY = "arn:aws:kms:us-east-1:123456789012:key/k"


def settings(**config: Any) -> StreamSettings:
    return read_settings(
        {
            "DeliveryStreamName": "d",
            "DeliveryStreamARN": "arn:aws:firehose:us-east-1:123456789012:deliverystream/d",
            "DeliveryStreamType": "DirectPut",
            "VersionId": "7",
            "Destinations": [
                {
                    "DestinationId": "destinationId-000000000001",
                    "ExtendedS3DestinationDescription": {
                        "RoleARN": "arn:aws:iam::123456789012:role/r",
                        "BucketARN": "arn:aws:s3:::lake",
                        "Prefix": f"records/{TIME}",
                        "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/" + TIME,
                        **config,
                    },
                }
            ],
        }
    )


def test_data_lie_under_the_time_of_their_arrival() -> None:
    stream = settings(CompressionFormat="GZIP")
    item = data_object(stream, stream.target, body=b"abc", arrival=ARRIVAL, records=2, keys={})
    assert item.key.startswith("records/year=2021/hour=04/d-7-2021-02-03-04-05-06-")
    assert item.key.endswith(".gz")
    assert gzip.decompress(item.body) == b"abc"
    assert (item.records, item.counts_as) == (2, "delivered")


def test_the_prefix_is_in_the_streams_own_time_zone() -> None:
    stream = settings(CustomTimeZone="Asia/Tokyo")
    item = data_object(stream, stream.target, body=b"", arrival=ARRIVAL, records=1, keys={})
    assert item.key.startswith("records/year=2021/hour=13/")


def test_failed_records_lie_under_the_error_prefix_uncompressed() -> None:
    stream = settings(CompressionFormat="GZIP")
    item = error_object(
        stream,
        error_type="processing-failed",
        body=b"lines",
        arrival=ARRIVAL,
        records=3,
        counts_as="failed_transform",
    )
    assert item.key.startswith("errors/processing-failed/year=2021/hour=04/d-7-")
    assert item.body == b"lines"
    assert (item.records, item.counts_as) == (3, "failed_transform")


class S3:
    """Remembers what was put."""

    def __init__(self) -> None:
        self.puts: list[dict[str, Any]] = []

    def put_object(self, **request: Any) -> None:
        self.puts.append(request)


def test_error_objects_are_encrypted_like_data() -> None:
    stream = settings(EncryptionConfiguration={"KMSEncryptionConfig": {"AWSKMSKeyARN": KEY}})
    s3 = S3()
    put(s3, data_object(stream, stream.target, body=b"", arrival=ARRIVAL, records=1, keys={}))
    put(
        s3,
        error_object(
            stream, error_type="e", body=b"", arrival=ARRIVAL, records=1, counts_as="lost"
        ),
    )
    assert [request["SSEKMSKeyId"] for request in s3.puts] == [KEY, KEY]
    assert {request["Bucket"] for request in s3.puts} == {"lake"}
