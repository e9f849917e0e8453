"""What was real here and what stood in for it."""

from __future__ import annotations

from penstock.cli.html_report.parts import Part, part, parts
from penstock.html.markup import Html, element
from penstock.html.section import folded, missing, section, table, tile
from penstock.html.wording import number

_STATES = (
    ("live", "live", "behaves by its settings"),
    ("api_only", "api-only", "the API knows it, nothing happens"),
    ("substituted", "substituted", "something named stands in"),
)


def ledger(report: Part) -> Html:
    """Three counts, the substitutes by name, everything else folded."""
    if report.get("ledger", {}) is None:
        told = "The stage was deployed before the run, which knows only what its APIs say."
        return section("ledger", "What was real", missing(told))
    found = part(report, "ledger")
    entries, substitutes = parts(found, "entries"), parts(found, "substituted")
    counts = {
        "live": found.get("live"),
        "api_only": found.get("api_only"),
        "substituted": len(substitutes),
    }
    if not any(counts.values()):
        return section("ledger", "What was real", missing("Nothing was deployed."))
    return section(
        "ledger",
        "What was real here, and what stood in",
        element(
            "div",
            *[tile(label, number(counts[key] or 0), about) for key, label, about in _STATES],
            class_="tiles",
        ),
        table(
            ["resource", "type", "what stood in"],
            [
                [str(entry.get(key) or "") for key in ("resource", "type", "by")]
                for entry in substitutes
            ],
        )
        if substitutes
        else None,
        *[_fold(entries, key, label) for key, label, _ in _STATES],
    )


def _fold(entries: list[Part], life: str, label: str) -> Html | None:
    chosen = [entry for entry in entries if entry.get("life") == life]
    if not chosen:
        return None
    return folded(
        f"{label}: every resource ({len(chosen)}) and where it differs from AWS",
        table(
            ["resource", "type", "differs from AWS"],
            [
                [
                    str(entry.get("resource") or ""),
                    str(entry.get("type") or ""),
                    "; ".join(map(str, entry.get("notes") or [])) or "nothing known",
                ]
                for entry in chosen
            ],
        ),
    )
