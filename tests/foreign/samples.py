"""Breast-cancer measurements as readings of a plant's sensors, heartbeats and broken ones."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sklearn.datasets import load_breast_cancer

MEASUREMENTS = 10  # the mean values; the data set has their errors and worst values besides


@dataclass(frozen=True)
class Sample:
    """One row: measurements by name, and whether it is a defect."""

    sensors: dict[str, float]
    defect: bool

    def reading(self, **more: object) -> bytes:
        """The row as the machine sends it."""
        diagnosis = "malignant" if self.defect else "benign"
        document = {"kind": "reading", "sensors": self.sensors, "diagnosis": diagnosis, **more}
        return json.dumps(document).encode()

    def line(self, separator: str = ",", *, grade: bool | None = None) -> str:
        """The row as the line writer writes it."""
        label = self.defect if grade is None else grade
        return separator.join([str(int(label)), *(f"{v:.6g}" for v in self.sensors.values())])


def samples() -> tuple[list[Sample], list[Sample]]:
    """(rows to train on, rows held back): every fifth is held back."""
    data = load_breast_cancer()
    names = [
        name.removeprefix("mean ").replace(" ", "_") for name in data.feature_names[:MEASUREMENTS]
    ]
    rows = [
        Sample(dict(zip(names, map(float, row), strict=True)), bool(target == 0))
        for row, target in zip(data.data[:, :MEASUREMENTS], data.target, strict=True)
    ]
    return (
        [row for n, row in enumerate(rows) if n % 5],
        [row for n, row in enumerate(rows) if n % 5 == 0],
    )


HEARTBEAT = json.dumps({"kind": "heartbeat", "machine": "press-4"}).encode()


def broken(sample: Sample) -> list[bytes]:
    """Records that cannot become a line, each for another reason."""
    no_area = {name: value for name, value in sample.sensors.items() if name != "area"}
    return [
        b"not json at all",
        json.dumps({"machine": "press-4"}).encode(),
        json.dumps({"kind": "reading", "sensors": no_area, "diagnosis": "benign"}).encode(),
        sample.reading(sensors={**sample.sensors, "radius": "wide"}),
        b"[]",
    ]
