"""Firehose: delivery streams."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.naming import Naming

_NAMING = Naming(
    prefix="firehose",
    without=frozenset({"ListDeliveryStreams"}),
    names={"DeliveryStreamName": "deliverystream/{}"},
)


def accesses(call: Call, _lookups: Lookups) -> list[Access]:
    """The operation on its delivery stream."""
    return [_NAMING.access(call)]
