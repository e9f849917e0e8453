"""How far each feature has moved from the baseline, the furthest first."""

from __future__ import annotations

from penstock.cli.html_report.watched import DRIFT, Watched
from penstock.html.markup import Html, element
from penstock.html.section import folded, missing, section, table
from penstock.html.wording import counted

_SHOWN = 24


def drift(watched: Watched) -> Html:
    """Bars with the threshold; what is above it is marked, other violations are listed."""
    distances = watched.latest.distances
    if not distances:
        return section("drift", "Drift of each feature", missing("No check of drift was kept."))
    longest = max(1e-9, *distances.values(), *(watched.threshold(name) or 0 for name in distances))
    bars = [
        _bar(watched, name, longest)
        for name in sorted(distances, key=lambda name: -distances[name])
    ]
    return section(
        "drift",
        "Drift of each feature",
        element("p", _summary(watched)),
        element(
            "p",
            element("span", class_="key over"),
            "drifted ✘ ",
            element("span", class_="key under"),
            "within the threshold ",
            element("span", class_="key line"),
            "threshold",
            class_="legend",
        ),
        element("div", *bars[:_SHOWN], class_="bars"),
        folded(
            f"{counted(len(bars) - _SHOWN, 'more feature')}",
            element("div", *bars[_SHOWN:], class_="bars"),
        )
        if len(bars) > _SHOWN
        else None,
        _others(watched),
    )


def _summary(watched: Watched) -> str:
    check = watched.latest
    over = len(check.drifted & set(check.distances))
    batch = "drifted batch" if check is watched.drifted else "reference batch"
    method = f" ({watched.method} distance)" if watched.method else ""
    text = (
        f"In the {batch}, {over} of {counted(len(check.distances), 'feature')} moved further from "
        f"the baseline than the threshold{method}; 0 is no difference, 1 is nothing in common."
    )
    if check is watched.drifted and watched.reference.distances:
        none = len(watched.reference.drifted)
        text += f" In the reference batch it was {none or 'none'}."
    return text


def _bar(watched: Watched, name: str, longest: float) -> Html:
    distance, threshold = watched.latest.distances[name], watched.threshold(name)
    over = name in watched.latest.drifted
    line = None
    if threshold is not None:
        line = element("span", class_="line", style=f"left:{100 * threshold / longest:.1f}%")
    return element(
        "div",
        element("span", name, class_="name"),
        element(
            "span",
            element("span", class_="fill", style=f"width:{100 * distance / longest:.1f}%"),
            line,
            class_="rail",
        ),
        element("span", f"{distance:.2f}{' ✘' if over else ''}", class_="value"),
        class_="bar-row over" if over else "bar-row under",
    )


def _others(watched: Watched) -> Html | None:
    rows = [
        [
            str(entry.get(name) or "")
            for name in ("feature_name", "constraint_check_type", "description")
        ]
        for entry in watched.latest.violations
        if entry.get("constraint_check_type") != DRIFT
    ]
    if not rows:
        return None
    return element(
        "div",
        element("h3", "Other violations"),
        table(["feature", "check", "what was found"], rows),
    )
