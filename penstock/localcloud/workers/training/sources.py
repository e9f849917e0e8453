"""A channel's S3DataSource: the objects it names, and what CreateTrainingJob refuses of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from penstock.localcloud.workers.s3 import S3Address

MAX_ATTRIBUTES = 16  # botocore 1.44.5 sagemaker model, AttributeNames


class ChannelError(Exception):
    """A channel that cannot be fed; the text is what CreateTrainingJob answers."""


@dataclass(frozen=True)
class Source:
    """The objects of all hosts in their order, and what their names in a folder count from."""

    prefix: S3Address
    objects: tuple[S3Address, ...]


def refuse(channel: dict[str, Any], mode: str) -> None:
    """ChannelError for members that do not go together.

    botocore 1.44.5 sagemaker model, Channel and S3DataSource; FastFile's rule is of the SageMaker
    developer guide, your-algorithms-training-algo-running-container. In which words SageMaker
    refuses them is unconfirmed, and whether it refuses AttributeNames that nothing looks at.
    """
    name = channel["ChannelName"]
    source = (channel.get("DataSource") or {}).get("S3DataSource")
    if source is None:
        raise ChannelError(
            f"Channel {name}: the local cloud feeds channels from S3 only; "
            "give it a DataSource.S3DataSource"
        )
    for member in ("CompressionType", "RecordWrapperType"):
        value = channel.get(member) or "None"
        if value != "None" and mode != "Pipe":
            raise ChannelError(
                f"Channel {name}: {member} {value} is for Pipe mode only, the channel's input "
                f"mode is {mode}"
            )
    kind, attributes = source["S3DataType"], source.get("AttributeNames") or []
    if kind == "AugmentedManifestFile" and mode != "Pipe":
        raise ChannelError(
            f"Channel {name}: S3DataType AugmentedManifestFile is for Pipe mode only, the "
            f"channel's input mode is {mode}"
        )
    if mode == "FastFile" and kind != "S3Prefix":
        raise ChannelError(
            f"Channel {name}: FastFile mode takes S3DataType S3Prefix only, not {kind}; "
            "use input mode File or Pipe"
        )
    if kind == "AugmentedManifestFile" and not 1 <= len(attributes) <= MAX_ATTRIBUTES:
        raise ChannelError(
            f"Channel {name}: S3DataType AugmentedManifestFile needs AttributeNames, 1 to "
            f"{MAX_ATTRIBUTES} of them; there are {len(attributes)}"
        )
    if kind != "AugmentedManifestFile" and attributes:
        raise ChannelError(
            f"Channel {name}: AttributeNames are for S3DataType AugmentedManifestFile, not {kind}"
        )


def refuse_part_of_a_folder(channel: dict[str, Any], source: Source) -> None:
    """ChannelError when a FastFile channel's S3Uri does not name a whole folder.

    SageMaker developer guide, your-algorithms-training-algo-running-container: of an object
    s3://my-bucket/train-01/data.csv neither s3://my-bucket/train nor s3://my-bucket/train-01 is
    allowed as a prefix.
    """
    given = source.prefix.key
    if not given or given.endswith("/"):
        return
    for address in source.objects:
        if "/" in address.key[len(given) :]:
            folder = address.key[: address.key.index("/", len(given)) + 1]
            raise ChannelError(
                f"Channel {channel['ChannelName']}: FastFile mode does not take the S3Uri "
                f"{source.prefix}, which is a part of the folder s3://{address.bucket}/{folder}; "
                "give it a prefix that ends with a slash"
            )


def source_of(source: dict[str, Any], s3: Any, role_arn: str, region: str) -> Source:
    """The objects that an S3DataSource names; ChannelError.

    Objects that a manifest names are not looked for here: one that is missing fails the job.
    """
    uri, kind = str(source["S3Uri"]), str(source["S3DataType"])
    try:
        address = S3Address.parse(uri)
    except ValueError as error:
        raise ChannelError(str(error)) from None
    reason = ""
    found = Source(address, ())
    try:
        if kind == "S3Prefix":
            found = Source(address, tuple(address.objects(s3)))
        elif kind == "ManifestFile":
            return _manifest(address, s3)
        elif kind == "AugmentedManifestFile":
            s3.get_object(Bucket=address.bucket, Key=address.key)["Body"].close()
            return Source(address, (address,))
        else:
            raise ChannelError(
                f"S3DataType {kind} of {uri} is not known to the local cloud; "
                "use S3Prefix, ManifestFile or AugmentedManifestFile"
            )
    except ClientError as error:
        reason = f" Error message from S3: {error.response['Error']['Message']}"
    if found.objects:
        return found
    # CreateTrainingJob's own ValidationException, as users report it
    raise ChannelError(
        f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that '
        f"the bucket exists in the selected region ({region}), that objects exist under that S3 "
        f'prefix, and that the role "{role_arn}" has "s3:ListBucket" permissions on bucket '
        f'"{address.bucket}".{reason}'
    )


def _manifest(address: S3Address, s3: Any) -> Source:
    """`[{"prefix": "s3://..."}, "a", "b"]` (botocore 1.44.5 sagemaker model, S3DataSource).

    The names are appended to the prefix as they are. One that is there twice comes twice through a
    FIFO and is one file; which of it SageMaker does is unconfirmed.
    """
    body = s3.get_object(Bucket=address.bucket, Key=address.key)["Body"].read()
    try:
        first, *names = json.loads(body)
        prefix = S3Address.parse(first["prefix"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ChannelError(
            f'{address} is not a manifest: expected [{{"prefix": "s3://bucket/..."}}, "name", ...]'
            f" ({error})"
        ) from None
    if not names:
        raise ChannelError(f"{address} is not a manifest: no name follows the prefix {prefix}")
    for number, name in enumerate(names, 1):
        if not isinstance(name, str) or not name:
            raise ChannelError(
                f"{address} is not a manifest: element {number} is {json.dumps(name)}, expected "
                "the rest of a key after the prefix"
            )
    return Source(prefix, tuple(S3Address(prefix.bucket, prefix.key + name) for name in names))
