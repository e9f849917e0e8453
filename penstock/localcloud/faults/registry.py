"""All faults by name."""

from __future__ import annotations

from penstock.localcloud.faults import jobs, streams, transforms
from penstock.localcloud.faults.fault import Fault

ALL: dict[str, Fault] = {
    fault.name: fault for fault in (*streams.FAULTS, *transforms.FAULTS, *jobs.FAULTS)
}
