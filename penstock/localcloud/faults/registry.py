"""All faults by name."""

from __future__ import annotations

from penstock.localcloud.faults import control, jobs, storage, streams, transforms
from penstock.localcloud.faults.fault import Fault

_GROUPS = (streams.FAULTS, transforms.FAULTS, storage.FAULTS, jobs.FAULTS, control.FAULTS)
ALL: dict[str, Fault] = {fault.name: fault for group in _GROUPS for fault in group}
