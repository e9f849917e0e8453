"""Hosts of a training: what their disks hold, and what their networks bring in time."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.catalog.facts import in_words
from penstock.planner.described import Training
from penstock.planner.figure import Figure
from penstock.planner.machines import disk_gb
from penstock.planner.rounding import whole

_NO_THROUGHPUT = "how fast the algorithm computes: no source says, so a trial run must"


@dataclass(frozen=True)
class HostPlan:
    """What a training reads, once; `channel_gb` or `network_gbps` None is unknown.

    `sharded` says whether each host reads its share (ShardedByS3Key) or all of it.
    """

    training: Training
    channel_gb: float | None
    network_gbps: float | None
    sharded: bool

    @property
    def by_volume(self) -> float:
        """Hosts whose disks hold the channel in File mode; 0 if nothing is stored, or unknown."""
        if self.training.input_mode != "File" or self.channel_gb is None or not self.disk_gb:
            return 0.0
        return self.channel_gb / self.disk_gb

    @property
    def disk_gb(self) -> float | None:
        """What each host has for data; None if unknown."""
        return disk_gb(self.training.instance_type, volume_gb=self.training.volume_gb)

    @property
    def epoch_seconds(self) -> float | None:
        """How long one host's network takes for the whole channel, once."""
        if self.network_gbps is None or self.channel_gb is None:
            return None
        return self.channel_gb * 8 / self.network_gbps

    @property
    def by_network(self) -> float:
        """Hosts that read it once within max_runtime_minutes."""
        seconds = self.epoch_seconds
        return 0.0 if seconds is None else seconds / (self.training.max_runtime_minutes * 60)

    @property
    def hosts(self) -> int:
        """The least number of hosts: 1 where more would not share the work, and those of the
        description where it is not known how much there is to read.
        """
        if self.channel_gb is None:
            return self.training.instance_count
        if not (self.training.facts.multi_machine and self.sharded):
            return 1
        return max(1, whole(max(self.by_volume, self.by_network)))

    @property
    def fits(self) -> bool:
        """Whether that many hosts are enough, as far as is known."""
        return max(self.by_volume, self.by_network) <= self.hosts + 1e-9

    @property
    def _disk_in_words(self) -> str:
        if self.disk_gb == self.training.volume_gb:
            return f"volume_gb {self.training.volume_gb}"
        size = "unknown" if self.disk_gb is None else in_words(self.disk_gb)
        return f"{size} GB of local NVMe on {self.training.instance_type}"

    def figures(self) -> list[Figure]:
        """The hosts, and how long reading takes at least."""
        training, seconds = self.training, self.epoch_seconds
        if self.channel_gb is None:
            because = f"training.instance_count: the bytes of {training.content_type} are not known"
            return [Figure("training.hosts", self.hosts, "hosts", because)]
        size = in_words(round(self.channel_gb, 3))
        if training.input_mode == "File":
            disk = f"File mode: {size} GB / {self._disk_in_words}"
        else:
            disk = f"{training.input_mode} mode: the {size} GB need no disk"
        if training.facts.multi_machine is None:
            share = f"whether {training.program} trains on several machines is unknown"
        elif not training.facts.multi_machine:
            share = f"{training.program} trains on one machine"
        elif not self.sharded:
            share = f"each host of {training.program} reads all of it"
        else:
            share = "each host reads its share"
        if not self.fits:
            share += "; it does not fit: train on fewer records, or raise the disk and max_runtime"
        return [
            Figure(
                "training.hosts",
                self.hosts,
                "hosts",
                f"{disk}; {share}; the description has {training.instance_count}",
                source=("SageMaker developer guide, S3DataDistributionType and input modes",),
                unconfirmed=(_NO_THROUGHPUT,),
            ),
            Figure(
                "training.least_epoch_seconds",
                None
                if seconds is None
                else round(seconds / (self.hosts if self.sharded else 1), 3),
                "s",
                f"the network of {training.instance_type} is not in the catalog"
                if seconds is None
                else f"{size} GB through {in_words(self.network_gbps or 0)} Gbit/s, once",
            ),
        ]
