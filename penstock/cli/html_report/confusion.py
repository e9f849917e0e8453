"""The confusion matrix: what the endpoint took for what."""

from __future__ import annotations

from penstock.cli.html_report.parts import Part, part
from penstock.html.markup import Html, element
from penstock.html.section import section
from penstock.html.wording import counted, listed, number

_SHOWN_LABELS = 30  # more of them and nobody reads the table
_NAMED_MISTAKES = 3


def confusion(report: Part) -> Html | None:
    """A table with a row for each true label, and the most frequent mistakes in words.

    None where no answers were compared: a run that did not get there, or a model without classes.
    """
    found = part(part(report, "endpoint"), "confusion")
    labels = [str(label) for label in found.get("labels") or []]
    counts: list[list[int]] = found.get("counts") or []
    if not labels or [len(labels)] * len(labels) != [len(row) for row in counts]:
        return None
    return section(
        "confusion",
        "Confusion matrix",
        element("p", _mistakes(labels, counts)),
        _matrix(labels, counts) if len(labels) <= _SHOWN_LABELS else None,
    )


def _mistakes(labels: list[str], counts: list[list[int]]) -> str:
    wrong = sorted(
        (
            (count, true, answered)
            for true, row in zip(labels, counts, strict=True)
            for answered, count in zip(labels, row, strict=True)
            if count and true != answered
        ),
        key=lambda mistake: -mistake[0],
    )
    total = sum(map(sum, counts))
    if not wrong:
        return f"No mistake in {counted(total, 'row')}."
    named = [
        f"{true} taken for {answered} ({counted(count, 'time')})"
        for count, true, answered in wrong[:_NAMED_MISTAKES]
    ]
    mistakes = sum(count for count, _, _ in wrong)
    return f"{counted(mistakes, 'mistake')} in {counted(total, 'row')}; most often {listed(named)}."


def _matrix(labels: list[str], counts: list[list[int]]) -> Html:
    most = max(max(row) for row in counts) or 1
    head = element(
        "tr",
        element("th", "true ↓ answer →", scope="col"),
        *[element("th", label, scope="col") for label in labels],
    )
    rows = [
        element(
            "tr",
            element("th", true, scope="row"),
            *[
                _cell(count, most, right=true == answered)
                for answered, count in zip(labels, row, strict=True)
            ],
        )
        for true, row in zip(labels, counts, strict=True)
    ]
    return element(
        "div",
        element("table", element("thead", head), element("tbody", *rows), class_="confusion"),
        class_="scroll",
    )


def _cell(count: int, most: int, *, right: bool) -> Html:
    if not count:
        return element("td", "·", class_="none")
    return element(
        "td",
        number(count),
        class_="right" if right else "wrong",
        style=f"--share:{count / most:.2f}",
    )
