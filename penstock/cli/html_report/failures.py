"""The first records that failed, and why."""

from __future__ import annotations

from penstock.cli.html_report.parts import Part, part, parts
from penstock.html.markup import Html, element
from penstock.html.section import section, table
from penstock.html.wording import counted

_SHOWN = 10  # report.json has them all


def failures(report: Part) -> Html | None:
    """None if no record failed."""
    found = parts(part(report, "records"), "failures")
    if not found:
        return None
    rest = len(found) - _SHOWN
    return section(
        "failures",
        "Failed records",
        table(
            ["where", "why", "SHA-256 of the record"],
            [
                [
                    str(failure.get("where") or ""),
                    str(failure.get("reason") or failure.get("code") or "no reason given"),
                    str(failure.get("sha256") or "")[:12],
                ]
                for failure in found[:_SHOWN]
            ],
        ),
        element("p", f"{counted(rest, 'more')}, all in report.json.") if rest > 0 else None,
    )
