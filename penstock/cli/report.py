"""report.json: what a run did, written whether it succeeded or failed."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from penstock.scenario.progress import Timeline


def build(
    *,
    pipeline: str,
    accelerator: str | None = None,
    status: str,
    reason: str | None,
    seconds: float,
    timeline: Timeline,
    findings: dict[str, Any],
    ledger: dict[str, Any] | None,
    faults: list[dict[str, Any]],
    access: dict[str, Any] | None,
) -> dict[str, Any]:
    """The report as a JSON object; names that other programs rely on come first.

    `accelerator` is what was chosen of those that the pipeline offers, None if it offers none.
    """
    empty_account = {
        "sent": 0,
        "delivered": 0,
        "dropped": 0,
        "failed": {"source": 0, "transform": 0, "conversion": 0},
        "unique": None,
    }
    return {
        "pipeline": pipeline,
        "accelerator": accelerator,
        "status": status,
        "seconds": round(seconds, 3),
        "steps": [
            {
                "name": s.name,
                "status": s.status,
                "seconds": round(s.seconds, 3),
                "started_seconds": _rounded(timeline.started_seconds(s.name)),
            }
            for s in timeline.steps.values()
        ],
        "records": findings.get("records", empty_account),
        "training": findings.get("training"),
        "metrics": findings.get("metrics", {}),
        "endpoint": findings.get("endpoint"),
        "not_served": findings.get("not_served"),
        "anomaly": findings.get("anomaly"),
        "monitor": findings.get("monitor"),
        "retraining": findings.get("retraining"),
        "events": [
            {**asdict(event), "at_seconds": _rounded(event.at_seconds)}
            for event in timeline.happenings
        ],
        "ledger": ledger,
        "faults": faults,
        "access": access,
        "model": findings.get("model", {}),
        "failed_step": timeline.failed_step(),
        "reason": reason,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def new_folder(runs: Path) -> Path:
    """Make `<runs>/<UTC time>` for a run that begins."""
    folder = runs / datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    folder.mkdir(parents=True)
    return folder


def write(report: dict[str, Any], folder: Path) -> None:
    """Write `report.json` into the run's folder and point `latest` beside it there."""
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    latest = folder.with_name("latest")
    latest.unlink(missing_ok=True)
    latest.symlink_to(folder.name)
