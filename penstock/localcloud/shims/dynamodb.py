"""DynamoDB: a conditional write is one step, whoever else writes at the same moment."""

from __future__ import annotations

import threading

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.responses import DynamoHandler

from penstock.localcloud.shims.json_answers import answer_at_once
from penstock.localcloud.shims.patches import Patches

_WRITES = ("put_item", "update_item", "delete_item", "transact_write_items")


def install(patches: Patches) -> None:
    """Let one write at a time pass.

    moto looks at the condition and then writes, without a lock, so that two writers could both
    find that an item is not there yet.
    """
    patches.one_at_a_time(threading.RLock(), DynamoDBBackend, *_WRITES)
    answer_at_once(patches, DynamoHandler, "scan", "batch_get_item", version="1.0")
