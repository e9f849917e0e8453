"""Input channels: which S3 objects each host gets, by CreateTrainingJob's InputDataConfig."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from penstock.localcloud.workers.s3 import S3Address


class ChannelError(Exception):
    """A channel that cannot be fed; the text is what CreateTrainingJob answers."""


@dataclass(frozen=True)
class ChannelObjects:
    """One channel with the objects of one host, in the order of the first epoch."""

    name: str
    input_mode: str
    content_type: str
    distribution: str
    record_wrapper: str
    compression: str
    shuffle_seed: int | None
    prefix: S3Address
    objects: tuple[S3Address, ...]

    def config(self) -> dict[str, str]:
        """The channel's entry in inputdataconfig.json.

        SageMaker developer guide, your-algorithms-training-algo-running-container: the key is
        S3DistributionType, and ContentType is left out when the request has none.
        """
        entry = {
            "TrainingInputMode": self.input_mode,
            "S3DistributionType": self.distribution,
            "RecordWrapperType": self.record_wrapper,
        }
        return {"ContentType": self.content_type, **entry} if self.content_type else entry

    def epoch(self, number: int) -> tuple[S3Address, ...]:
        """The objects in this epoch's order; reshuffled each epoch with a ShuffleConfig."""
        if self.shuffle_seed is None:
            return self.objects
        order = list(self.objects)
        random.Random(self.shuffle_seed + number).shuffle(order)  # noqa: S311
        return tuple(order)


def input_mode(request: dict[str, Any], channel: dict[str, Any]) -> str:
    """A channel's own InputMode, or the algorithm's."""
    algorithm = request.get("AlgorithmSpecification") or {}
    return str(channel.get("InputMode") or algorithm.get("TrainingInputMode") or "File")


def channels_of(
    request: dict[str, Any], s3: Any, *, region: str, host: int = 0, hosts: int = 1
) -> list[ChannelObjects]:
    """All channels with the objects of host number `host`; raises ChannelError.

    ShardedByS3Key gives whole objects to the hosts in turn; a host may be left without any
    (botocore 1.44.5 sagemaker model, S3DataSource).
    """
    found = []
    for channel in request.get("InputDataConfig") or []:
        name = str(channel["ChannelName"])
        mode = input_mode(request, channel)
        compression = str(channel.get("CompressionType") or "None")
        if compression == "Gzip" and mode != "Pipe":
            raise ChannelError(
                f"Channel {name}: CompressionType Gzip is for Pipe mode only, the channel's input "
                f"mode is {mode}"
            )
        source = (channel.get("DataSource") or {}).get("S3DataSource")
        if source is None:
            raise ChannelError(
                f"Channel {name}: the local cloud feeds channels from S3 only; "
                "give it a DataSource.S3DataSource"
            )
        prefix, objects = _objects(source, s3, str(request["RoleArn"]), region)
        distribution = str(source.get("S3DataDistributionType") or "FullyReplicated")
        if distribution == "ShardedByS3Key":
            objects = objects[host::hosts]
        shuffle = channel.get("ShuffleConfig")
        found.append(
            ChannelObjects(
                name=name,
                input_mode=mode,
                content_type=str(channel.get("ContentType") or ""),
                distribution=distribution,
                record_wrapper=str(channel.get("RecordWrapperType") or "None"),
                compression=compression,
                shuffle_seed=int(shuffle["Seed"]) if shuffle else None,
                prefix=prefix,
                objects=tuple(objects),
            )
        )
    return found


def _objects(
    source: dict[str, Any], s3: Any, role_arn: str, region: str
) -> tuple[S3Address, list[S3Address]]:
    uri, kind = str(source["S3Uri"]), str(source["S3DataType"])
    try:
        address = S3Address.parse(uri)
    except ValueError as error:
        raise ChannelError(str(error)) from None
    reason = ""
    objects: list[S3Address] = []
    try:
        if kind == "S3Prefix":
            objects = list(address.objects(s3))
        elif kind == "ManifestFile":
            return _manifest(address, s3)
        else:
            raise ChannelError(
                f"S3DataType {kind} of {uri} is not known to the local cloud; "
                "use S3Prefix or ManifestFile"
            )
    except ClientError as error:
        reason = f" Error message from S3: {error.response['Error']['Message']}"
    if objects:
        return address, objects
    # CreateTrainingJob's own ValidationException, as users report it
    raise ChannelError(
        f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that '
        f"the bucket exists in the selected region ({region}), that objects exist under that S3 "
        f'prefix, and that the role "{role_arn}" has "s3:ListBucket" permissions on bucket '
        f'"{address.bucket}".{reason}'
    )


def _manifest(address: S3Address, s3: Any) -> tuple[S3Address, list[S3Address]]:
    """`[{"prefix": "s3://..."}, "a", "b"]` (botocore 1.44.5 sagemaker model, S3DataSource)."""
    body = s3.get_object(Bucket=address.bucket, Key=address.key)["Body"].read()
    try:
        first, *names = json.loads(body)
        prefix = S3Address.parse(first["prefix"])
    except (ValueError, KeyError, TypeError) as error:
        raise ChannelError(
            f'{address} is not a manifest: expected [{{"prefix": "s3://bucket/..."}}, "name", ...]'
            f" ({error})"
        ) from None
    return prefix, [S3Address(prefix.bucket, prefix.key + str(name)) for name in names]
