"""Shows a run: a live table on a terminal, one line per step elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from penstock.scenario.progress import Step

SHOWN_FAILURES = 10  # the report has them all

_METRICS = ("test:multiclass_accuracy", "test:accuracy", "test:f1", "endpoint_accuracy")

_MARKS = {
    "pending": ("·", "dim"),
    "running": ("▶", "cyan"),
    "succeeded": ("✔", "green"),
    "failed": ("✘", "red"),
    "skipped": ("-", "dim"),
}


class Display:
    """A watcher of the timeline; a context manager around the run."""

    def __init__(self, title: str, console: Console, steps: Sequence[str]) -> None:
        self._title = title
        self._console = console
        self._steps: dict[str, Step] = {name: Step(name) for name in steps}
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(
                console=console, get_renderable=self._table, refresh_per_second=8, transient=False
            )

    def __enter__(self) -> Display:
        if self._live:
            self._live.start()
        else:
            self._console.print(self._title, highlight=False, markup=False, soft_wrap=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def changed(self, step: Step) -> None:
        """Keep the newest state; on a plain output print beginnings and ends only."""
        before = self._steps[step.name]
        self._steps[step.name] = Step(**vars(step))
        if self._live or before.status == step.status or step.status in ("pending", "running"):
            return
        mark = _MARKS[step.status][0]
        self._console.print(
            f"{mark} {step.name:<9}{step.seconds:6.1f} s  {step.detail}".rstrip(),
            highlight=False,
            markup=False,
            soft_wrap=True,
        )

    def _table(self) -> Table:
        table = Table(title=self._title, title_justify="left", box=None, pad_edge=False)
        table.add_column("")
        table.add_column("step")
        table.add_column("seconds", justify="right")
        table.add_column("", overflow="ellipsis", no_wrap=True)
        for step in self._steps.values():
            mark, style = _MARKS[step.status]
            seconds = time.monotonic() - step.started if step.status == "running" else step.seconds
            shown = f"{seconds:.1f}" if step.status not in ("pending", "skipped") else ""
            table.add_row(mark, step.name, shown, step.detail, style=style)
        return table


def summary(report: dict[str, Any], console: Console, folder: Path) -> None:
    """The closing lines of a run, from its report; `folder` is what the run left on disk."""
    lines = [f"{report['pipeline']}: {report['status']} in {report['seconds']:.1f} s"]
    if report.get("reason"):
        lines.append(f"step {report['failed_step']}: {report['reason']}")
    records = report.get("records")
    if records:
        failed = records["failed"]
        parts = ", ".join(f"{where} {count}" for where, count in failed.items())
        lines.append(
            f"records: {records['sent']} sent = {records['delivered']} delivered + "
            f"{records['dropped']} dropped + {sum(failed.values())} failed ({parts})"
            + (f"; {records['unique']} unique" if records.get("unique") is not None else "")
            + (f"; {records['copies']} copies besides" if records.get("copies") else "")
        )
        lines.extend(
            f"  {failure['where']}: {failure['reason']}"
            for failure in records.get("failures", [])[:SHOWN_FAILURES]
        )
    if report.get("not_served"):
        lines.append(report["not_served"])
    metrics = report.get("metrics") or {}
    for name in _METRICS:
        if metrics.get(name) is not None:
            lines.append(f"{name}: {metrics[name]:.4f}")
    lines += _anomaly(report.get("anomaly"))
    lines += _monitor(report["monitor"] or {}) + _retraining(report["retraining"])
    lines += [f"fault {fault['line']}" for fault in report["faults"]]
    lines += _access(report["access"])
    model = report["model"]
    if "copy" in model:
        lines.append(f"model: {model['copy']}, a copy of {model['artifact']}")
    if (folder / "logs").is_dir():
        lines.append(f"logs: {folder / 'logs'}, one folder for each log group")
    lines += _ledger(report["ledger"])
    latest = folder.with_name("latest")
    lines.append(f"report: {latest / 'report.json'}, to look at: {latest / 'report.html'}")
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _access(access: dict[str, Any] | None) -> list[str]:
    if access is None:
        return []
    counts = f"allowed to roles and services {access['allowed']} times, denied {access['denied']}"
    return [f"access: {counts}", *(f"  {denied}" for denied in access["denied_lines"])]


def _anomaly(anomaly: dict[str, Any] | None) -> list[str]:
    if not anomaly:
        return []
    scored = (
        f"anomaly: {anomaly['series']} series, {anomaly['points']} points: "
        f"{anomaly['scored_records']} scored, {anomaly['alerts']} alerts, "
        f"{anomaly['dead_letters']} dead letters"
        + (f", {anomaly['late']} came too late or again" if anomaly.get("late") else "")
    )
    windows = anomaly["windows"]
    if windows is None:
        return [scored, "anomaly: nothing was labelled to judge the alerts by"]
    return [
        scored,
        f"anomaly: {windows['hit']} of {windows['labelled']} labelled windows hit, "
        f"{anomaly['false_alerts']} alerts outside of them",
    ]


def _monitor(monitor: dict[str, Any]) -> list[str]:
    lines = []
    if "reference_batch" in monitor:
        batch = monitor["reference_batch"]
        lines.append(
            f"monitor: {batch['what']}: {batch['violations']} violations in {batch['rows']}"
        )
    if "drifted_batch" in monitor:
        batch = monitor["drifted_batch"]
        lines.append(
            f"monitor: {batch['what']}: {batch['violations']} violations in "
            f"{batch['rows']}, {len(batch['features'])} features; "
            f"alarm {monitor.get('alarm', 'unknown')}"
        )
    return lines


def _retraining(retraining: dict[str, Any] | None) -> list[str]:
    if not retraining:
        return []
    verdict = "registered" if retraining["registered"] else "not better, not registered"
    serving = retraining["serving_value"]
    compared = (
        "not compared with the model in service"  # the pipeline's gate may not ask for it
        if serving is None
        else f"against {serving:.4f} of the model in service, on the same test ids"
    )
    value = retraining["value"]
    judged = "not judged, for want of labels," if value is None else f"{value:.4f}"
    return [
        f"trained again ({retraining['cause']}): {retraining['metric']} {judged} "
        f"{compared}: {verdict}"
    ]


def _ledger(ledger: dict[str, Any] | None) -> list[str]:
    if ledger is None:
        return []
    counts = (
        f"ledger: {ledger['live']} resources live, {ledger['api_only']} api-only, "
        f"{len(ledger['substituted'])} substituted"
    )
    return [
        counts,
        *(f"  {e['resource']} ({e['type']}): {e['by']}" for e in ledger["substituted"]),
    ]
