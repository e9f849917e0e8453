"""What was caught on the stream: figures first, then each series with its scores and alerts."""

from __future__ import annotations

from pathlib import Path

from penstock.cli.html_report.catch import misses, scope, window_shares
from penstock.cli.html_report.parts import Part, part, parts
from penstock.cli.html_report.signal_picture import signal_picture, state
from penstock.cli.html_report.signals import Signal, Signals
from penstock.html.markup import Html, element, fragment
from penstock.html.section import folded, missing, section, table, tile
from penstock.html.wording import counted, is_number, listed, number


def anomaly(report: Part, folder: Path) -> Html | None:
    """None for a run in which no stream was scored."""
    found = part(report, "anomaly")
    signals = Signals.read(folder)
    if not found and not signals.series:
        return None
    return section(
        "anomaly",
        "What was caught on the stream",
        element("p", " ".join([scope(found), *misses(signals.series)]), class_="lead"),
        element("div", *_tiles(found), class_="tiles"),
        _beside(found),
        _pictures(signals, labelled=bool(found.get("windows")) or _any_window(signals))
        if signals.series
        else missing("The points of the series were not kept, so there is nothing to draw."),
        _by_series(parts(found, "by_series")),
    )


def windows_tile(found: Part) -> Html | None:
    """None if no labelled window was scored."""
    shares = window_shares(found)
    if shares is None:
        return None
    hit, labelled = shares
    return tile("Windows caught", f"{number(hit)} of {number(labelled)}", "labelled as anomalies")


def alerts_tile(found: Part) -> Html | None:
    """None if the alerts were not counted."""
    if not is_number(found.get("alerts")):
        return None
    threshold = found.get("threshold")
    note = f"scores above {threshold:.4g}" if is_number(threshold) else "scores above the threshold"
    return tile("Alerts", number(found["alerts"]), note)


def _tiles(found: Part) -> list[Html]:
    tiles = [windows_tile(found), alerts_tile(found)]
    outside, scored = found.get("false_alerts"), found.get("scored_records")
    if is_number(outside):
        note = "outside the labelled windows"
        if is_number(scored) and scored:
            note += f", {1000 * outside / scored:.2f} per 1,000 points"
        tiles.append(tile("False alerts", number(outside), note))
    if is_number(scored):
        points = found.get("points")
        note = f"of {counted(points, 'point')}" if is_number(points) else "in the lake"
        tiles.append(tile("Scored", number(scored), note))
    if is_number(found.get("dead_letters")):
        tiles.append(tile("Dead letters", number(found["dead_letters"]), "records with a reason"))
    return [shown for shown in tiles if shown]


def _beside(found: Part) -> Html | None:
    """What has no score, and what came twice."""
    skipped = [
        f"{number(count)} ({str(reason).replace('_', ' ')})"
        for reason, count in part(found, "skipped").items()
        if is_number(count) and count
    ]
    told = [f"Without a score: {listed(skipped)}."] if skipped else []
    if is_number(found.get("told_again")) and found["told_again"]:
        told.append(f"Handed over a second time: {counted(found['told_again'], 'score')}.")
    return element("p", " ".join(told), class_="small-print") if told else None


def _any_window(signals: Signals) -> bool:
    return any(signal.windows for signal in signals.series)


def _pictures(signals: Signals, *, labelled: bool) -> Html:
    """Series with something to judge first, those where nothing happened folded."""
    judged = [signal for signal in signals.series if signal.judged]
    quiet = [signal for signal in signals.series if not signal.alerts and not signal.windows]
    others = [signal for signal in signals.series if signal not in judged and signal not in quiet]

    def drawn(group: list[Signal]) -> Html:
        return fragment(
            *[signal_picture(signal, signals.threshold, labelled=labelled) for signal in group]
        )

    name = f"{counted(len(quiet), 'series', 'series')} without an alert or a labelled window"
    return fragment(
        _legend(signals, labelled=labelled),
        drawn(judged),
        drawn(others),
        folded(name, drawn(quiet)) if quiet else None,
    )


def _legend(signals: Signals, *, labelled: bool) -> Html:
    """What the marks mean, of those that are there."""
    states = {state(window) for signal in signals.series for window in signal.windows}
    keys = [
        ("trained", "the model was trained on this part"),
        ("window hit", "✔ labelled window, caught"),
        ("window missed", "✘ labelled window, missed"),
        ("window unscored", "○ labelled window, not scored"),
        ("dot right", "alert in a labelled window" if labelled else "alert"),
        ("dot wrong", "alert outside of them"),
        ("threshold", "threshold of the scores"),
    ]
    shown = [
        (kind, text)
        for kind, text in keys
        if (not kind.startswith("window") or kind.removeprefix("window ") in states)
        and (kind != "dot wrong" or labelled)
        and (kind != "threshold" or signals.threshold is not None)
    ]
    return element(
        "p",
        *[
            element("span", element("span", class_=f"key {kind}"), text, class_="entry")
            for kind, text in shown
        ],
        class_="legend signals",
    )


def _by_series(entries: list[Part]) -> Html | None:
    if not entries:
        return None
    names = ("points", "scored", "alerts", "labelled", "hit")
    rows = [
        [
            str(entry.get("name") or "a series"),
            *[number(entry[name]) if is_number(entry.get(name)) else "·" for name in names],
        ]
        for entry in entries
    ]
    headings = ["series", "points", "scored", "alerts", "labelled windows", "caught"]
    return folded("The same in numbers, by series", table(headings, rows))
