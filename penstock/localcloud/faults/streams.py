"""Faults of a Kinesis stream."""

from __future__ import annotations

from penstock.localcloud.faults.fault import Fault
from penstock.localcloud.faults.values import Share

FAULTS = (
    Fault(
        name="kinesis-throttling",
        value=Share(0.2),
        what="entries of PutRecords, and whole PutRecord calls, are refused with "
        "ProvisionedThroughputExceededException",
        on_aws="PutRecords is not atomic and refuses single entries of a shard that is over its "
        "limits: whoever sent them sends them again (Kinesis API reference, PutRecords)",
    ),
)
