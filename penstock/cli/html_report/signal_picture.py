"""One series over time: values and alerts, labelled windows, and the scores below."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from penstock.cli.html_report.catch import told
from penstock.cli.html_report.dates import date_ticks
from penstock.cli.html_report.scale import compact, ticks
from penstock.cli.html_report.signals import Point, Signal, Window
from penstock.cli.html_report.strokes import curve, dots
from penstock.html.markup import Html, element

# units of the pictures; they are stretched to the page, and their lines are not
_WIDTH = 1000
_VALUES_HEIGHT, _SCORES_HEIGHT = 400, 200
_APART_PERCENT = 11.0  # flags nearer than this have no room for words
_WORDS = {
    "hit": ("✔", "caught"),
    "missed": ("✘", "missed"),
    "unscored": ("○", "not scored"),
}


def signal_picture(signal: Signal, threshold: float | None, *, labelled: bool) -> Html:
    """A figure; `labelled` says whether anything in the run was, so that an alert can be false."""
    return element(
        "figure",
        element("figcaption", element("b", signal.name), " ", told(signal, labelled=labelled)),
        _Picture(signal, threshold, labelled=labelled).drawn(),
        class_="signal",
    )


def state(window: Window) -> str:
    """hit, missed or unscored."""
    return "unscored" if window.hit is None else "hit" if window.hit else "missed"


class _Picture:
    """What all parts of one figure share: the time along it."""

    def __init__(self, signal: Signal, threshold: float | None, *, labelled: bool) -> None:
        self._signal = signal
        self._threshold = threshold
        self._labelled = labelled
        self._first = signal.points[0].at
        self._span = (signal.points[-1].at - self._first) or 1.0

    def drawn(self) -> Html:
        return element("div", self._flags(), self._values(), self._scores(), self._axis())

    def _percent(self, at: float) -> float:
        return 100 * min(1.0, max(0.0, (at - self._first) / self._span))

    def _flags(self) -> Html | None:
        """A sign above each window, with its word where there is room."""
        windows = sorted(self._signal.windows, key=lambda window: window.start)
        if not windows:
            return None
        middles = [self._percent((window.start + window.end) / 2) for window in windows]
        around = [-100.0, *middles, 200.0]
        flags = []
        for place, window in enumerate(windows):
            sign, word = _WORDS[state(window)]
            at = middles[place]
            alone = min(at - around[place], around[place + 2] - at) >= _APART_PERCENT
            flags.append(
                element(
                    "span",
                    sign,
                    element("span", f" {word}", class_="word") if alone else None,
                    class_=f"flag {state(window)}",
                    style=f"left:{min(96.0, max(4.0, at)):.2f}%",
                    title=word,
                )
            )
        return element("div", *flags, class_="flags")

    def _values(self) -> Html:
        points = self._signal.points
        values = [point.value for point in points if point.value is not None] or [0.0]
        low, high = min(values), max(values)
        room = (high - low) * 0.06 or abs(high) * 0.06 or 1.0
        y = _upwards(low - room, high + room, _VALUES_HEIGHT)
        return self._panel(
            "value",
            _VALUES_HEIGHT,
            curve([(self._x(point), y(point.value)) for point in points]),
            self._marks(lambda point: y(point.value)),
            [(y(at) or 0.0, compact(at), "") for at in ticks(low - room, high + room, 4)],
        )

    def _scores(self) -> Html:
        points = self._signal.points
        found = [point.score for point in points if point.score is not None]
        known = [*found, *([] if self._threshold is None else [self._threshold])] or [1.0]
        low, high = min(0.0, *known), max(known)
        top = high + ((high - low) * 0.15 or 1.0)
        y = _upwards(low, top, _SCORES_HEIGHT)
        labels = [(y(at) or 0.0, compact(at), "") for at in ticks(low, top, 2)]
        lines: list[Html] = []
        if (at := y(self._threshold)) is not None and self._threshold is not None:
            live = self._percent(self._signal.live_from or self._first) / 100 * _WIDTH
            lines.append(element("path", d=f"M{live:.0f},{at:.0f}H{_WIDTH}", class_="threshold"))
            labels = [label for label in labels if abs(label[0] - at) > 0.2 * _SCORES_HEIGHT]
            labels.append((at, f"{self._threshold:.3g}", "limit"))
        return self._panel(
            "score",
            _SCORES_HEIGHT,
            curve([(self._x(point), y(point.score)) for point in points]),
            [*lines, *self._marks(lambda point: y(point.score))],
            labels,
        )

    def _x(self, point: Point) -> float:
        return (point.at - self._first) / self._span * (_WIDTH - 1)

    def _marks(self, y: Callable[[Point], float | None]) -> list[Html]:
        """The alerts, those outside the labelled windows as rings."""
        right: list[tuple[float, float]] = []
        wrong: list[tuple[float, float]] = []
        for point in self._signal.alerts:
            kind = wrong if self._labelled and self._signal.is_outside(point) else right
            kind.append((self._x(point), y(point) or 0.0))
        return [
            element("path", d=path, class_=f"alert {kind} {layer}")
            for kind, found in (("wrong", wrong), ("right", right))
            if (path := dots(found))
            for layer in ("below", "above")
        ]

    def _panel(
        self,
        name: str,
        height: int,
        path: str,
        over: Sequence[Html],
        labels: list[tuple[float, str, str]],
    ) -> Html:
        grid = "".join(f"M0,{at:.0f}H{_WIDTH}" for at, _, kind in labels if not kind)
        return element(
            "div",
            self._trained_on(name),
            *[self._band(window) for window in self._signal.windows],
            element(
                "svg",
                element("path", d=grid, class_="grid") if grid else None,
                element("path", d=path, class_="curve") if path else None,
                *over,
                viewBox=f"0 0 {_WIDTH} {height}",
                preserveAspectRatio="none",
                role="img",
                aria_label=f"{self._signal.name}, {name}s over time: "
                + told(self._signal, labelled=self._labelled),
            ),
            *[
                element(
                    "span",
                    text,
                    class_=f"tick {kind}".strip(),
                    style=f"top:{100 * at / height:.1f}%",
                )
                for at, text, kind in labels
            ],
            element("span", name, class_="what"),
            class_=f"panel {name}s",
        )

    def _trained_on(self, panel: str) -> Html | None:
        live_from = self._signal.live_from
        if live_from is None or not self._percent(live_from):
            return None
        # there are no scores in that part, so there is room for words
        said = "the model was trained on this part" if panel == "score" else None
        return element(
            "div",
            element("span", said) if said else None,
            class_="trained",
            style=f"width:{self._percent(live_from):.2f}%",
        )

    def _band(self, window: Window) -> Html:
        left, right = self._percent(window.start), self._percent(window.end)
        return element(
            "div",
            class_=f"window {state(window)}",
            style=f"left:{left:.2f}%;width:{right - left:.2f}%",
        )

    def _axis(self) -> Html:
        return element(
            "div",
            *[
                element(
                    "span",
                    text,
                    style=f"left:{self._percent(at):.2f}%",
                    class_="last" if self._percent(at) > 91 else None,  # no room to its right
                )
                for at, text in date_ticks(self._first, self._first + self._span)
            ],
            class_="axis track",
        )


def _upwards(low: float, high: float, height: int) -> Callable[[float | None], float | None]:
    """From a number to the picture's y, which is counted from the top."""

    def y(value: float | None) -> float | None:
        return None if value is None else (high - value) / (high - low) * height

    return y
