"""Faults of a Kinesis stream, and of those who read it."""

from __future__ import annotations

from penstock.localcloud.faults.fault import Fault
from penstock.localcloud.faults.values import Share

FAULTS = (
    Fault(
        name="kinesis-throttling",
        value=Share(0.2),
        what="entries of PutRecords, and whole PutRecord calls, are refused with "
        "ProvisionedThroughputExceededException",
        on_aws="PutRecords refuses single entries of a shard that is over its limits, and whoever "
        "sent them sends them again; the SDK does that for PutRecord alone (Kinesis API reference, "
        "PutRecords)",
    ),
    Fault(
        name="kinesis-partial-failures",
        value=Share(0.1),
        what="entries of PutRecords are refused with InternalFailure",
        on_aws="the call succeeds, FailedRecordCount is above 0, and nobody but the producer sends "
        "the failed entries again; they lose their place in the order (Kinesis API reference, "
        "PutRecords)",
    ),
    Fault(
        name="hot-shard",
        value=Share(1),
        what="that share of all partition keys hashes to the first shard, which takes 1,000 "
        "records and 1 MB a second",
        on_aws="what is over a shard's limits is refused, however idle the others are; more shards "
        "do not help one hot key, more keys do: `penstock plan PIPELINE --key-skew` names the cure "
        "(Kinesis developer guide, quotas and limits)",
    ),
    Fault(
        name="duplicate-delivery",
        value=Share(0.25),
        what="that share of the batches that Firehose, or a function's event source, reads from a "
        "stream is given to it twice",
        on_aws="a reader that restarts begins behind its last checkpoint, and whoever needs each "
        "record once removes copies by a key of the record's own (Kinesis developer guide, handle "
        "duplicate records; Lambda developer guide, event source mappings)",
    ),
)
