"""The steps as bars over seconds."""

from __future__ import annotations

from penstock.cli.html_report.parts import Part, parts
from penstock.cli.html_report.scale import short, ticks
from penstock.html.markup import Html, element
from penstock.html.section import missing, section
from penstock.html.wording import is_number, seconds

_ABOUT = {
    "synth": "write the CloudFormation templates",
    "deploy": "create the stacks",
    "ingest": "through the stream into the lake",
    "prepare": "clean, split, write training data",
    "train": "train the model",
    "gate": "is it good enough?",
    "register": "into the model registry",
    "baseline": "what normal data look like",
    "serve": "model behind the endpoint",
    "invoke": "ask about held-out rows",
    "score": "the stream is scored as it flows",
    "capture": "keep requests and answers",
    "monitor": "compare them with the baseline",
    "alarm": "violations raise it",
    "retrain": "train again on newer data",
}
_MARKS = {"succeeded": "✔", "failed": "✘", "skipped": "-", "running": "▶", "pending": "·"}


def timeline(report: Part) -> Html:
    """One line for each step."""
    steps = parts(report, "steps")
    if not steps:
        return section("steps", "Steps", missing("No step was reported."))
    end = run_seconds(report)
    return section(
        "steps",
        "Steps, second by second",
        element(
            "div",
            *[_row(step, end) for step in steps],
            element("div", time_axis(end), class_="step axis-row"),
            class_="steps",
            style=f"--tick:{100 * _marks(end)[1] / end:.3f}%",
        ),
    )


def run_seconds(report: Part) -> float:
    """How long the time axis is: the run, or its last step or event if that ended later."""
    ends = [1e-9, report.get("seconds")]
    ends += [
        step["started_seconds"] + (step.get("seconds") or 0)
        for step in parts(report, "steps")
        if is_number(step.get("started_seconds"))
    ]
    ends += [event.get("at_seconds") for event in parts(report, "events")]
    return max(end for end in ends if is_number(end))


def time_axis(end: float) -> Html:
    """Round seconds along a track."""
    return element(
        "div",
        *[
            element(
                "span",
                f"{short(at)}\u00a0s",
                style=f"left:{100 * at / end:.2f}%",
                class_="last" if at > 0.93 * end else None,  # no room to its right
            )
            for at in _marks(end)
        ],
        class_="axis track",
    )


def _marks(end: float) -> list[float]:
    """From 0 on, two at least."""
    found = ticks(0, end, 6)
    return found if len(found) > 1 else [0.0, end]


def _row(step: Part, end: float) -> Html:
    name, status = str(step.get("name") or "a step"), str(step.get("status") or "unknown")
    begun, took = step.get("started_seconds"), step.get("seconds")
    bar = None
    if is_number(begun) and is_number(took):
        bar = element(
            "div",
            class_=f"bar {status}",
            style=f"left:{100 * begun / end:.2f}%;width:{100 * took / end:.2f}%",
        )
    never = status in ("skipped", "pending")
    return element(
        "div",
        element("div", _MARKS.get(status, ""), class_=f"mark {status}", title=status),
        element(
            "div",
            element("b", name),
            " ",
            element("span", _ABOUT.get(name, ""), class_="about"),
            class_="name",
        ),
        element("div", bar, class_="track"),
        element("div", seconds(took) if is_number(took) and not never else status, class_="took"),
        class_="step never" if never else "step",
    )
