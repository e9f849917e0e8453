"""The page: every part in the order of its importance, in one file without network."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
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
from penstock.cli.html_report.markup import Html, element, fragment
from penstock.cli.html_report.parts import part
from penstock.cli.html_report.section import missing, section
from penstock.cli.html_report.signal_style import SIGNAL_STYLE
from penstock.cli.html_report.style import STYLE
from penstock.cli.html_report.timeline import timeline
from penstock.cli.html_report.watched import Watched
from penstock.cli.html_report.way import way

NAME = "report.html"

# paper cannot unfold anything; nothing else needs a script
_SCRIPT = Html(
    "addEventListener('beforeprint',()=>document.querySelectorAll('details')"
    ".forEach(d=>{d.open=true}))"
)


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
    return "<!doctype html>\n" + element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=_policy()),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("title", title(report)),
            element("style", STYLE, SIGNAL_STYLE),
        ),
        element("body", element("main", _body(report, folder)), element("script", _SCRIPT)),
        lang="en",
    )


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


def _policy() -> str:
    """Nothing may be loaded, and no script runs but the page's own."""
    own = b64encode(sha256(_SCRIPT.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{own}'"
