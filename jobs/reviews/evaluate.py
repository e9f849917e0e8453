"""How good a model is: right answers and loss, over some rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as nn

from jobs.reviews import model as models
from jobs.reviews.data import IGNORED, Rows
from jobs.reviews.device import Device

BATCH_ROWS = 64


@dataclass(frozen=True)
class Found:
    """Sums over `rows` rows."""

    right: float
    loss: float
    rows: float


def evaluate(model: Any, rows: Rows, device: Device) -> Found:
    """Of a model without gradients and dropout."""
    model.eval()
    right, loss = 0.0, 0.0
    with torch.no_grad():
        for start in range(0, len(rows), BATCH_ROWS):
            some = Rows(
                rows.ids[start : start + BATCH_ROWS], rows.labels[start : start + BATCH_ROWS]
            )
            some = some.filled(BATCH_ROWS) if device.has_one_shape else some.trimmed()
            with device.precision():
                found = models.logits(model, device.put(some.ids))
            found, labels = found.float().cpu(), torch.from_numpy(some.labels)
            right += float((found.argmax(dim=1) == labels).sum())
            loss += float(nn.cross_entropy(found, labels, reduction="sum", ignore_index=IGNORED))
    return Found(right, loss, len(rows))
