"""The features that moved most: what they looked like in the baseline, and what they do now."""

from __future__ import annotations

from penstock.cli.html_report.shares import Shares, shares
from penstock.cli.html_report.watched import Watched, features
from penstock.html.markup import Html, element
from penstock.html.section import missing, section

_SHOWN = 6
_WIDTH, _HEIGHT = 260, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 6, 8, 22
_NEARLY_ALL = 0.8  # of the rows


def distributions(watched: Watched) -> Html | None:
    """Small pictures, baseline and current over each other; None without a check."""
    before, now = features(watched.baseline), features(watched.latest.statistics)
    distances = watched.latest.distances
    if not distances:
        return None
    found = {
        name: both
        for name in sorted(distances, key=lambda name: -distances[name])
        if (both := shares(before.get(name, {}), now.get(name, {})))
    }
    # nearly one value before, nearly another one now: two lonely bars show less than a shape
    shaped = sorted(found, key=lambda name: max(found[name].before) > _NEARLY_ALL)
    pictures = [_picture(name, distances[name], found[name]) for name in shaped[:_SHOWN]]
    if not pictures:
        return section("distributions", "What moved most", missing("No distributions were kept."))
    return section(
        "distributions",
        "What moved most",
        element(
            "p",
            element("span", class_="key before"),
            "baseline ",
            element("span", class_="key now"),
            "now; height: share of the rows, %; across: the feature's value. ",
            "Features that vary in the baseline come first.",
            class_="legend",
        ),
        element("div", *pictures, class_="pictures small"),
    )


def _picture(name: str, distance: float, found: Shares) -> Html:
    highest = max(*found.before, *found.now, 0.01)
    width = (_WIDTH - _LEFT - _RIGHT) / len(found.before)
    bottom = _HEIGHT - _BOTTOM

    def height(share: float) -> float:
        return share / highest * (bottom - _TOP)

    bars = [
        element(
            "rect",
            x=_LEFT + place * width + 0.5,
            y=bottom - height(share),
            width=width - 1,
            height=height(share),
        )
        for place, share in enumerate(found.before)
    ]
    outline = [f"{_LEFT},{bottom}"]
    for place, share in enumerate(found.now):
        top = bottom - height(share)
        outline += [f"{_LEFT + place * width:.1f},{top:.1f}"]
        outline += [f"{_LEFT + (place + 1) * width:.1f},{top:.1f}"]
    outline.append(f"{_WIDTH - _RIGHT},{bottom}")
    return element(
        "figure",
        element("figcaption", element("b", name), f" distance {distance:.2f}"),
        element(
            "svg",
            element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=bottom, y2=bottom, class_="base"),
            element(
                "text", f"{100 * highest:.0f}\u00a0%", x=_LEFT - 4, y=_TOP + 9, text_anchor="end"
            ),
            element("text", "0", x=_LEFT - 4, y=bottom, text_anchor="end"),
            *_labels(found, width),
            element("g", *bars, class_="before"),
            element("polyline", points=" ".join(outline), class_="now"),
            viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
            role="img",
            aria_label=f"{name}: baseline and current distribution",
        ),
    )


def _labels(found: Shares, width: float) -> list[Html]:
    """The two ends of the range, or the categories as far as they fit."""
    y = _HEIGHT - 7
    if found.are_edges:
        return [
            element("text", found.labels[0], x=_LEFT, y=y),
            element("text", found.labels[-1], x=_WIDTH - _RIGHT, y=y, text_anchor="end"),
        ]
    fitting = max(1, int(width / 7))
    return [
        element(
            "text",
            label if len(label) <= fitting else f"{label[: fitting - 1]}…",
            element("title", label),
            x=_LEFT + (place + 0.5) * width,
            y=y,
            text_anchor="middle",
        )
        for place, label in enumerate(found.labels)
    ]
