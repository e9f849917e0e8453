"""The new model beside the one being served."""

from __future__ import annotations

from penstock.cli.html_report.parts import Part, part
from penstock.html.markup import Html, element
from penstock.html.section import missing, section, tile
from penstock.html.wording import is_number, number


def comparison(report: Part) -> Html | None:
    """Both values on the same rows and the decision; None if nothing was to be trained again."""
    found = part(report, "retraining")
    if not found:
        if not part(report, "monitor"):
            return None
        return section("comparison", "The new model", missing("No second model was trained."))
    value, serving = found.get("value"), found.get("serving_value")
    registered = bool(found.get("registered"))
    return section(
        "comparison",
        "The new model and the serving one",
        element("p", _decision(found)),
        element(
            "div",
            tile("serving", _value(serving), "replaced" if registered else "stays", "serving"),
            tile("new", _value(value), "registered" if registered else "not registered", "new"),
            class_="cards",
        ),
        element(
            "p",
            f"Training {found.get('job_name') or 'unnamed'}, cause: "
            f"{found.get('cause') or 'not reported'}; model package "
            f"{found.get('model_package_arn') or 'none'}",
            class_="small-print",
        ),
    )


def _decision(found: Part) -> str:
    value, serving = found.get("value"), found.get("serving_value")
    metric = found.get("metric") or "the metric"
    ending = "was registered" if found.get("registered") else "was not registered"
    if not is_number(value):
        return f"The new model {ending}; no value of {metric} was reported."
    if not is_number(serving):
        return f"It was not compared with a model in service: the new one {ending}."
    difference = f"{value - serving:+.4f}"
    return (
        f"Both were asked about the same test rows. The new model's {metric} differs by "
        f"{difference}: it {ending}. A new model must be strictly better."
    )


def _value(value: object) -> str:
    return number(value) if is_number(value) else "none"
