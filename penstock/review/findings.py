"""Section: what the rules of the synth found, and with what reason it was left.

Three places hold this: the validation report that CDK writes (cdk-nag 3 and other validations),
the metadata of constructs (warnings, and acknowledgements of them), and, from cdk-nag 2, the
metadata of resources in the templates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from penstock.html.wording import counted
from penstock.review.assembly import Assembly, Stack, as_list, compact
from penstock.review.blocks import (
    Block,
    Cell,
    Folded,
    Line,
    Paragraph,
    Section,
    Table,
    Word,
    alert,
    code,
    soft,
)
from penstock.review.values import Values

_MESSAGES = {"aws:cdk:error": "error", "aws:cdk:warning": "warning", "aws:cdk:info": "info"}
# what a finding of cdk-nag is about, behind the rule's name
_SUBJECT = re.compile(r"\[(?:Resource|Action|Policy)::(.+)\]$")
_ANNOTATION = "Annotation::"
# CDK names files that are gone, and called otherwise in each synth
_TEMPORARY = re.compile(r"/(?:tmp|var/folders)/[^\s'\"]+")


@dataclass(frozen=True)
class Finding:
    """One rule at one place. `reason` is None as long as nobody has acknowledged it."""

    rule: str
    severity: str
    says: str
    place: str
    reason: str | None


def findings_of(assembly: Assembly, values: Values) -> list[Finding]:
    """Everything found, open ones first, otherwise in the order of the assembly."""
    found = [*_reported(assembly, values), *_told(assembly)]
    return sorted(dict.fromkeys(found), key=lambda finding: finding.reason is not None)


def findings(assembly: Assembly, values: Values) -> Section:
    """Open findings, then what was acknowledged, by rule and reason."""
    found = findings_of(assembly, values)
    open_ones = [finding for finding in found if finding.reason is None]
    left = [finding for finding in found if finding.reason is not None]
    said = f"{counted(len(open_ones), 'open finding')}, {len(left) or 'none'} acknowledged."
    plugins = [str(report.get("pluginName")) for report in _plugins(assembly)]
    said += (
        f" Checked by {', '.join(plugins)}."
        if plugins
        else " The assembly has no validation report: no rules were run, or none that write one."
    )
    blocks: list[Block] = [Paragraph(said)]
    if open_ones:
        rows: list[list[Cell]] = [
            [_rule(finding), finding.says, finding.place] for finding in open_ones
        ]
        blocks.append(Table(["rule", "what it says", "where"], rows))
    if left:
        table = Table(["rule", "what it says", "reason", "where"], _acknowledged(left))
        blocks.append(Folded(f"{len(left)} acknowledged, with reasons", [table]))
    return Section("findings", "Findings", blocks, is_brief=bool(open_ones))


def _rule(finding: Finding) -> list[Line]:
    mark: Word = alert(finding.severity) if finding.severity == "error" else soft(finding.severity)
    return [code(finding.rule), mark]


def _acknowledged(left: list[Finding]) -> list[list[Cell]]:
    """One row for each rule and reason, with all the places."""
    places: dict[tuple[str, str, str], list[Line]] = {}
    for finding in left:
        key = (finding.rule, finding.says, finding.reason or "")
        places.setdefault(key, []).append(finding.place)
    return [[code(rule), says, reason, where] for (rule, says, reason), where in places.items()]


def _plugins(assembly: Assembly) -> list[Mapping[str, Any]]:
    return as_list(assembly.validation.get("pluginReports"))


def reasons(found: list[Finding], place: str) -> dict[str, str]:
    """What cdk-nag left at a construct or below: the resource, action or policy, and why."""
    return {
        match[1]: finding.reason
        for finding in found
        if finding.reason and f"{finding.place}/".startswith(f"{place}/")
        if (match := _SUBJECT.search(finding.rule))
    }


def _reported(assembly: Assembly, values: Values) -> Iterator[Finding]:
    for report in _plugins(assembly):
        for part in ("violations", "suppressedViolations"):
            for violation in as_list(report.get(part)):
                constructs = as_list(violation.get("violatingConstructs"))
                constructs = constructs or as_list(violation.get("violatingResources"))
                for construct in constructs or [{}]:
                    place = str(
                        construct.get("constructPath") or construct.get("resourceLogicalId") or ""
                    ).removesuffix("/Resource")
                    rule = str(violation.get("ruleName", ""))
                    for stack in assembly.stacks:
                        if place.startswith(f"{stack.place}/"):
                            rule = values.in_words(stack, rule)
                    yield Finding(
                        rule=rule,
                        severity=str(violation.get("severity", "")),
                        says=str(violation.get("description", "")),
                        place=place,
                        reason=str(violation.get("reason", "no reason given"))
                        if part == "suppressedViolations"
                        else None,
                    )


def _told(assembly: Assembly) -> Iterator[Finding]:
    """Warnings of constructs; those of the same words in the report are not told twice."""
    for stack in assembly.stacks:
        for path, entries in stack.metadata.items():
            place = path.strip("/").removesuffix("/Resource")
            for entry in entries:
                kind, data = entry.get("type"), entry.get("data")
                if kind in _MESSAGES:
                    says = _TEMPORARY.sub("(a temporary file)", compact(data))
                    yield Finding("CDK", _MESSAGES[kind], says, place, None)
                elif kind == "aws:cdk:acknowledged-rules" and isinstance(data, Mapping):
                    for rule, reason in data.items():
                        if rule.startswith(_ANNOTATION):
                            name = rule.removeprefix(_ANNOTATION)
                            says = "a warning of CDK itself"
                            yield Finding(name, "warning", says, place, str(reason))
        yield from _in_templates(stack)


def _in_templates(stack: Stack) -> Iterator[Finding]:
    """Suppressions as cdk-nag 2 leaves them on resources."""
    for resource in stack.resources.values():
        nag = (resource.document.get("Metadata") or {}).get("cdk_nag") or {}
        for rule in as_list(nag.get("rules_to_suppress")):
            scope = compact(rule["applies_to"]) if "applies_to" in rule else "suppressed"
            yield Finding(
                str(rule.get("id", "")),
                "warning",
                scope,
                resource.name,
                str(rule.get("reason", "no reason given")),
            )
