"""The page: every part in the order of its importance, in one file without network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from penstock.cli.html_report.anomaly import anomaly
from penstock.cli.html_report.comparison import comparison
from penstock.cli.html_report.confusion import confusion
from penstock.cli.html_report.distributions import distributions
from penstock.cli.html_report.drift import drift
from penstock.cli.html_report.events import events
from penstock.cli.html_report.failures import failures
from penstock.cli.html_report.headline import headline, title
from penstock.cli.html_report.learning_curve import learning_curve
from penstock.cli.html_report.ledger import ledger
from penstock.cli.html_report.links import links
from penstock.cli.html_report.parts import part
from penstock.cli.html_report.signal_style import SIGNAL_STYLE
from penstock.cli.html_report.style import REPORT_STYLE
from penstock.cli.html_report.timeline import timeline
from penstock.cli.html_report.watched import Watched
from penstock.cli.html_report.way import way
from penstock.html.markup import Html, element, fragment
from penstock.html.page import page
from penstock.html.section import missing, section

NAME = "report.html"


def write_html(report: Mapping[str, Any], folder: Path) -> Path:
    """Write `report.html` beside the report's other files; returns its path."""
    path = folder / NAME
    path.write_text(render(report, folder), encoding="utf-8")
    return path


def render(report: Mapping[str, Any], folder: Path) -> str:
    """The page as text.

    Args:
        report: as in report.json; any part may be missing or null.
        folder: the run's own, for the scored series, the monitor's documents and the files that
            links lead to.
    """
    return page(title(report), REPORT_STYLE, SIGNAL_STYLE, body=_body(report, folder))


def _body(report: Mapping[str, Any], folder: Path) -> Html:
    watched = Watched.read(report, folder)
    watching: Html | None = None
    if part(report, "monitor") or report.get("events"):
        watching = fragment(
            drift(watched), distributions(watched), events(report), comparison(report)
        )
    elif not part(report, "anomaly"):
        watching = section("drift", "Monitor", missing("No monitor watched this run."))
    learned = [learning_curve(report), confusion(report)]
    return fragment(
        headline(report),
        anomaly(report, folder),
        timeline(report),
        way(report),
        element("div", *learned, class_="beside") if any(learned) else None,
        watching,
        failures(report),
        ledger(report),
        links(folder),
    )
