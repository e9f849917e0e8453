"""What was caught of the anomalies, in words."""

from __future__ import annotations

from penstock.cli.html_report.parts import Part, part
from penstock.cli.html_report.signals import Signal
from penstock.html.wording import counted, is_number, listed, number

_NAMED = 4  # series with a missed window; the pictures show them all


def caught(anomaly: Part) -> str:
    """One sentence about the whole run, from the report's part `anomaly`."""
    alerts, outside = anomaly.get("alerts"), anomaly.get("false_alerts")
    raised = counted(alerts, "alert") if is_number(alerts) else "an unknown number of alerts"
    if not anomaly.get("windows"):
        return f"The scores raised {raised}; nothing was labelled to judge them by."
    if is_number(alerts) and alerts and is_number(outside):
        raised += f", {number(outside) if outside else 'none'} of them outside the labelled windows"
    shares = window_shares(anomaly)
    if shares is None:
        return f"No labelled window was in the scored part; the scores raised {raised}."
    hit, labelled = shares
    were = "was" if labelled == 1 else "were"
    return f"{number(hit)} of {counted(labelled, 'labelled window')} {were} caught, with {raised}."


def scope(anomaly: Part) -> str:
    """How much was scored."""
    scored, series = anomaly.get("scored_records"), anomaly.get("series")
    if not is_number(scored):
        return "How many points were scored was not reported."
    of = f" of {counted(series, 'series', 'series')}" if is_number(series) else ""
    return f"{counted(scored, 'point')}{of} {'was' if scored == 1 else 'were'} scored."


def misses(signals: list[Signal]) -> list[str]:
    """At most one sentence: in which series a labelled window went by without an alert."""
    missed = [signal.name for signal in signals if signal.caught < len(signal.judged)]
    if missed:
        rest = len(missed) - _NAMED
        named = [*missed[:_NAMED], *([f"{rest} more"] if rest > 0 else [])]
        return [f"Windows were missed in {listed(named)}."]
    return ["No labelled window was missed."] if any(signal.judged for signal in signals) else []


def window_shares(anomaly: Part) -> tuple[float, float] | None:
    """How many labelled windows were hit, and of how many; None if there was none to hit."""
    windows = part(anomaly, "windows")
    hit, labelled = windows.get("hit"), windows.get("labelled")
    return (hit, labelled) if is_number(hit) and is_number(labelled) and labelled else None


def told(signal: Signal, *, labelled: bool) -> str:
    """The same of one series; without labels in the whole run no alert is called false."""
    alerts = signal.alerts
    judged = len(signal.judged)
    found = [f"{signal.caught} of {counted(judged, 'window')} caught"] if judged else []
    found.append(counted(len(alerts), "alert"))
    if labelled and alerts:
        outside = sum(map(signal.is_outside, alerts))
        found.append(f"{outside or 'none'} outside a window")
    if unscored := len(signal.windows) - judged:
        found.append(f"{counted(unscored, 'window')} not scored")
    return ", ".join(found)
