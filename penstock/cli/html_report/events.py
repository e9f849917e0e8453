"""Alarm, retraining and models on a time line, with what was decided and why."""

from __future__ import annotations

import re

from penstock.cli.html_report.parts import Part, part, parts
from penstock.cli.html_report.timeline import run_seconds, time_axis
from penstock.html.markup import Html, element
from penstock.html.section import missing, section
from penstock.html.wording import is_number, seconds

_CHANGE = re.compile(r"(\w+) -> (\w+)")
_APART_PERCENT = 7.0  # marks nearer than this would touch on a narrow screen
_TEXT_PERCENT = 14.0  # narrower pieces of the band have no room for their state's name


def events(report: Part) -> Html | None:
    """None for a pipeline without a monitor, on which nothing can have happened."""
    found = sorted(
        (event for event in parts(report, "events") if is_number(event.get("at_seconds"))),
        key=lambda event: float(event["at_seconds"]),
    )
    if not found:
        if not part(report, "monitor"):
            return None
        return section("events", "Alarm and retraining", missing("Nothing happened."))
    end = run_seconds(report)
    return section(
        "events",
        "Alarm and retraining",
        element("div", _band(found, end), *_lanes(found, end), time_axis(end), class_="events"),
        element("ol", *[_line(event) for event in found], class_="decisions"),
    )


def _band(found: list[Part], end: float) -> Html | None:
    """The alarm's state over time."""
    changes = [
        (float(event["at_seconds"]), change[1], change[2])
        for event in found
        if event.get("kind") == "alarm"
        and (change := _CHANGE.fullmatch(str(event.get("what") or "")))
    ]
    if not changes:
        return None
    pieces = [(0.0, changes[0][0], changes[0][1])]
    ends = [at for at, _, _ in changes[1:]] + [end]
    pieces += [(at, stop, after) for (at, _, after), stop in zip(changes, ends, strict=True)]
    return element(
        "div",
        *[
            element(
                "span",
                state.replace("_", " ") if 100 * (stop - start) / end > _TEXT_PERCENT else "",
                class_=f"state {state.lower()}",
                style=f"left:{100 * start / end:.2f}%;width:{100 * (stop - start) / end:.2f}%",
                title=f"alarm {state}",
            )
            for start, stop, state in pieces
        ],
        class_="band",
    )


def _lanes(found: list[Part], end: float) -> list[Html]:
    """The events' numbers at their seconds, in as many lanes as keep them apart."""
    lanes: list[list[Html]] = []
    last: list[float] = []
    for place, event in enumerate(found, 1):
        at = min(97.0, 100 * float(event["at_seconds"]) / end)
        lane = next((n for n, before in enumerate(last) if at - before >= _APART_PERCENT), None)
        if lane is None:
            lane = len(lanes)
            lanes.append([])
            last.append(at)
        last[lane] = at
        lanes[lane].append(
            element(
                "span",
                str(place),
                class_=f"event {event.get('kind')}",
                style=f"left:{at:.2f}%",
                title=str(event.get("what") or ""),
            )
        )
    return [element("div", *lane, class_="lane") for lane in lanes]


def _line(event: Part) -> Html:
    detail = event.get("detail")
    kind = str(event.get("kind") or "")
    return element(
        "li",
        element("span", kind, class_=f"kind {kind}"),
        " ",
        element("b", str(event.get("what") or "")),
        element("span", f" at {seconds(float(event['at_seconds']))}", class_="at"),
        element("div", str(detail), class_="detail") if detail else None,
    )
