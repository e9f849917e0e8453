"""Says which invocations of a Firehose transform go wrong, and how, when faults were chosen."""

from __future__ import annotations

import json

from penstock.localcloud.faults.faults import Faults

# fault -> what the program inside the function's process is told to do, and what that is called
_MISBEHAVIOURS = {
    "transform-raises": ("raise", "the function raised"),
    "transform-times-out": ("hang", "the function hung until its timeout"),
    "transform-over-6mb": ("inflate", "the function answered over 6 MB"),
    # these two concern the batch's last record alone
    "transform-answers-short": ("leave out", "the function left a record out"),
    "transform-unknown-record": ("rename", "the function answered an unknown recordId"),
}

_OF_ONE = frozenset({"leave out", "rename"})


def misbehaviour(faults: Faults, event: str) -> str:
    """What the function must do wrong with this event (JSON text); empty for nothing."""
    chosen = [name for name in _MISBEHAVIOURS if faults.value(name) is not None]
    if not chosen:
        return ""
    batch = json.loads(event)
    if not isinstance(batch, dict) or not {"deliveryStreamArn", "records"} <= batch.keys():
        return ""  # another function than a transform
    for name in chosen:
        if faults.due(name) is not None:
            order, told = _MISBEHAVIOURS[name]
            concerned = batch["records"][-1:] if order in _OF_ONE else batch["records"]
            records = [(batch["deliveryStreamArn"], one["recordId"]) for one in concerned]
            faults.happened(name, told, to=records)
            return order
    return ""
