"""Input channels: which S3 objects each host gets, by CreateTrainingJob's InputDataConfig."""

from __future__ import annotations

import random
from collections.abc import MutableSequence
from dataclasses import dataclass
from typing import Any

from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.sources import (
    ChannelError,
    refuse,
    refuse_part_of_a_folder,
    source_of,
)

__all__ = ["ChannelError", "ChannelObjects", "channels_of", "input_mode"]


@dataclass(frozen=True)
class ChannelObjects:
    """One channel as one host gets it: number `host` of `hosts` that share its objects.

    `objects` are those of all hosts in the order of the source. With `attributes` the channel has
    an augmented manifest: it is the only object, and its lines are what is shared and shuffled.
    """

    name: str
    input_mode: str
    content_type: str
    distribution: str
    record_wrapper: str
    compression: str
    shuffle_seed: int | None
    prefix: S3Address
    objects: tuple[S3Address, ...]
    attributes: tuple[str, ...] = ()
    host: int = 0
    hosts: int = 1

    def config(self) -> dict[str, str]:
        """The channel's entry in inputdataconfig.json.

        SageMaker developer guide, your-algorithms-training-algo-running-container: the key is
        S3DistributionType, ContentType is left out when the request has none, and a FastFile
        channel's mode is written as File.
        """
        entry = {
            "TrainingInputMode": "File" if self.input_mode == "FastFile" else self.input_mode,
            "S3DistributionType": self.distribution,
            "RecordWrapperType": self.record_wrapper,
        }
        return {"ContentType": self.content_type, **entry} if self.content_type else entry

    def epoch(self, number: int) -> tuple[S3Address, ...]:
        """This host's objects in this epoch's order.

        With a ShuffleConfig all are shuffled before they are shared, so that in the next epoch a
        host may get others (botocore 1.44.5 sagemaker model, Channel.ShuffleConfig).
        """
        order = list(self.objects)
        self.shuffle(order, number)
        return tuple(order[self.host :: self.hosts])

    def shuffle(self, things: MutableSequence[Any], epoch: int) -> None:
        """Put them into the order of an epoch: the same on every host and in every job.

        It follows from ShuffleConfig's Seed, without which it is as it was; how SageMaker shuffles
        by a seed is not published, so that its order is another one.
        """
        if self.shuffle_seed is not None:
            random.Random(f"{self.shuffle_seed}/{epoch}").shuffle(things)  # noqa: S311


def input_mode(request: dict[str, Any], channel: dict[str, Any]) -> str:
    """A channel's own InputMode, or the algorithm's."""
    algorithm = request.get("AlgorithmSpecification") or {}
    return str(channel.get("InputMode") or algorithm.get("TrainingInputMode") or "File")


def channels_of(
    request: dict[str, Any], s3: Any, *, region: str, host: int = 0, hosts: int = 1
) -> list[ChannelObjects]:
    """All channels as host number `host` gets them; raises ChannelError.

    ShardedByS3Key gives whole objects to the hosts in turn; a host may be left without any
    (botocore 1.44.5 sagemaker model, S3DataSource). That the lines of an augmented manifest are
    what is shared, and that a host's are every n-th, is unconfirmed.
    """
    found = []
    for channel in request.get("InputDataConfig") or []:
        mode = input_mode(request, channel)
        refuse(channel, mode)
        data_source = channel["DataSource"]["S3DataSource"]
        source = source_of(data_source, s3, str(request["RoleArn"]), region)
        if mode == "FastFile":
            refuse_part_of_a_folder(channel, source)
        distribution = str(data_source.get("S3DataDistributionType") or "FullyReplicated")
        is_shared = distribution == "ShardedByS3Key"
        shuffle = channel.get("ShuffleConfig")
        found.append(
            ChannelObjects(
                name=str(channel["ChannelName"]),
                input_mode=mode,
                content_type=str(channel.get("ContentType") or ""),
                distribution=distribution,
                record_wrapper=str(channel.get("RecordWrapperType") or "None"),
                compression=str(channel.get("CompressionType") or "None"),
                shuffle_seed=int(shuffle["Seed"]) if shuffle else None,
                prefix=source.prefix,
                objects=source.objects,
                attributes=tuple(data_source.get("AttributeNames") or ()),
                host=host if is_shared else 0,
                hosts=hosts if is_shared else 1,
            )
        )
    return found
