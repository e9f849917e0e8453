"""How the metrics went from epoch to epoch, one small picture for each kind."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.cli.html_report.parts import Part, part, parts
from penstock.cli.html_report.scale import short, ticks
from penstock.html.markup import Html, element, fragment
from penstock.html.section import section
from penstock.html.wording import is_number, number

Points = list[tuple[float, float]]  # epoch and value
_WIDTH, _HEIGHT = 400, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 130, 12, 36
_LINE_HEIGHT = 15


def learning_curve(report: Part) -> Html | None:
    """The loss and the accuracy; other metrics only if these are not there.

    None where no metric by epoch was reported: not every algorithm has epochs.
    """
    kinds = _kinds(parts(part(report, "training"), "learning_curve"))
    if not kinds:
        return None
    return section(
        "learning",
        "Learning curve",
        element(
            "div", *[_picture(kind, kinds[kind]) for kind in _chosen(kinds)], class_="pictures"
        ),
    )


def _kinds(epochs: Sequence[Part]) -> dict[str, dict[str, Points]]:
    """Metric without its channel -> channel -> points."""
    kinds: dict[str, dict[str, Points]] = {}
    for epoch in epochs:
        for name, value in part(epoch, "metrics").items():
            channel, _, kind = name.rpartition(":")
            if is_number(value) and is_number(epoch.get("epoch")):
                series = kinds.setdefault(kind, {}).setdefault(channel or "all", [])
                series.append((float(epoch["epoch"]), float(value)))
    return kinds


def _chosen(kinds: Part) -> list[str]:
    losses = [kind for kind in kinds if "loss" in kind or "objective" in kind]
    accuracies = [kind for kind in kinds if kind.endswith("accuracy") and "top_k" not in kind]
    return [*losses[:1], *accuracies[:1]] or list(kinds)[:2]


def _picture(kind: str, series: dict[str, Points]) -> Html:
    epochs = [epoch for points in series.values() for epoch, _ in points]
    values = [value for points in series.values() for _, value in points]
    first, last = min(epochs), max(epochs)
    low, high = min(values), max(values)
    if "loss" in kind or "objective" in kind:
        low = min(low, 0.0)
    room = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    low, high = (low if low == 0 else low - room), high + room

    def x(epoch: float) -> float:
        share = (epoch - first) / (last - first) if last > first else 0.5
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    grid = [
        fragment(
            element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y(at), y2=y(at), class_="grid"),
            element("text", short(at), x=_LEFT - 6, y=y(at) + 4, text_anchor="end"),
        )
        for at in ticks(low, high)
    ]
    bottom = _HEIGHT - _BOTTOM
    for at in ticks(first, last, 6):
        if at == int(at):
            grid.append(element("text", short(at), x=x(at), y=bottom + 16, text_anchor="middle"))
    grid.append(
        element(
            "text", "epoch", x=(_LEFT + _WIDTH - _RIGHT) / 2, y=bottom + 31, text_anchor="middle"
        )
    )
    lines = [
        _series(n, [(x(epoch), y(value)) for epoch, value in points])
        for n, points in enumerate(series.values())
    ]
    return element(
        "figure",
        element("figcaption", kind.replace("_", " ")),
        element(
            "svg",
            *grid,
            *lines,
            *_labels(series, {channel: y(points[-1][1]) for channel, points in series.items()}),
            viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
            role="img",
            aria_label=f"{kind} by epoch: "
            + ", ".join(
                f"{name} ends at {number(points[-1][1])}" for name, points in series.items()
            ),
        ),
    )


def _series(place: int, points: Points) -> Html:
    """A line with a mark at each epoch; the first filled, the others dashed with open marks."""
    kind = "first" if place == 0 else "other"
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return element(
        "g",
        element("polyline", points=path),
        *[element("circle", cx=x, cy=y, r=2.6) for x, y in points],
        class_=f"series {kind}",
    )


def _labels(series: dict[str, Points], heights: dict[str, float]) -> list[Html]:
    """Name and last value at each line's end, from top to bottom, none over another."""
    labels = []
    free = 0.0
    for channel in sorted(series, key=lambda name: heights[name]):
        free = max(heights[channel] + 4, free)
        labels.append(
            element(
                "text",
                f"{channel} {number(series[channel][-1][1])}",
                x=_WIDTH - _RIGHT + 7,
                y=min(free, _HEIGHT - 4),
                class_="first" if channel == next(iter(series)) else "other",
            )
        )
        free += _LINE_HEIGHT
    return labels
