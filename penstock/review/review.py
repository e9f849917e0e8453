"""The whole review of an assembly: its sections, as a page and as text for a pull request."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from penstock.html.markup import Html, element, fragment
from penstock.html.page import page
from penstock.html.wording import counted
from penstock.review.access import access
from penstock.review.as_html import as_html
from penstock.review.as_markdown import as_markdown, escaped
from penstock.review.assembly import Assembly
from penstock.review.blocks import Paragraph, Picture, Section
from penstock.review.changes.section import changes_section
from penstock.review.cost import quantities_section
from penstock.review.diagram.arrows import graph_of
from penstock.review.diagram.legend import LEGEND
from penstock.review.diagram.picture import mermaid, svg
from penstock.review.encryption import encryption
from penstock.review.findings import findings, findings_of
from penstock.review.given import NOTHING, Given
from penstock.review.instances import instances
from penstock.review.limits import limits
from penstock.review.load import load_section
from penstock.review.quotas import quotas
from penstock.review.resources import resources
from penstock.review.style import REVIEW_STYLE
from penstock.review.values import Values

HTML_NAME, MARKDOWN_NAME = "review.html", "review.md"
# where there is too much to say: what a page shows better than a pull request
_FIRST_LEFT_OUT = ("limits", "resources", "encryption", "findings", "access", "changes")
_MARKDOWN_SIGNS = 60_000  # GitHub takes 65,536 in the body of a pull request


@dataclass(frozen=True)
class Review:
    """Everything that is said of an assembly, in the order in which people ask."""

    title: str
    lead: str
    sections: list[Section]

    @property
    def html(self) -> str:
        """One page that loads nothing."""
        head = element(
            "header",
            element("p", "Review before deployment", class_="eyebrow"),
            element("h1", self.title),
            element("p", self.lead, class_="lead"),
            element("p", *_links(self.sections), class_="small-print"),
        )
        body = fragment(head, *[as_html(section) for section in self.sections])
        return page(f"{self.title}: review", REVIEW_STYLE, body=body)

    @property
    def markdown(self) -> str:
        """The same for a pull request; most of it folded."""
        head = [f"# {escaped(self.title)}: review before deployment\n", f"{escaped(self.lead)}\n"]
        written = {section.name: as_markdown(section) for section in self.sections}
        headings = {section.name: section.heading for section in self.sections}
        for name in _FIRST_LEFT_OUT:
            if name in written and sum(map(len, written.values())) > _MARKDOWN_SIGNS:
                told = f"Too long for a pull request: see {HTML_NAME}."
                written[name] = f"## {escaped(headings[name])}\n\n{told}\n"
        return "\n".join([*head, *written.values()])

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write both forms; returns their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        written = (folder / HTML_NAME, folder / MARKDOWN_NAME)
        written[0].write_text(self.html, encoding="utf-8")
        written[1].write_text(self.markdown, encoding="utf-8")
        return written


def review(
    title: str, assembly: Assembly, before: Assembly | None = None, given: Given = NOTHING
) -> Review:
    """The review of an assembly.

    Args:
        title: of the page.
        assembly: what would be deployed.
        before: another assembly, to compare with.
        given: what no template says.
    """
    values = Values(assembly)
    graph = graph_of(assembly, values)
    found = [
        Section(
            "diagram",
            "The way of the data",
            [Paragraph(LEGEND), Picture(svg(graph), mermaid(graph))],
        ),
        resources(assembly),
        access(assembly, values, findings_of(assembly, values)),
        encryption(assembly, values),
        instances(assembly, values, given.reasons),
        quotas(assembly, values),
        quantities_section(assembly, values, given),
        limits(assembly, values),
        load_section(given),
        findings(assembly, values),
    ]
    if given.accelerators:
        heading = "Accelerators side by side"
        found.insert(1, Section("accelerators", heading, list(given.accelerators), is_brief=True))
    if before is not None:
        found.insert(0, changes_section(before, assembly))
    return Review(title, _lead(assembly, values, given), found)


def _lead(assembly: Assembly, values: Values, given: Given) -> str:
    kinds = Counter(resource.type for resource in assembly.resources.values())
    regions = sorted({stack.region or "any region" for stack in assembly.stacks})
    accounts = sorted({stack.account or "any account" for stack in assembly.stacks})
    open_ones = sum(finding.reason is None for finding in findings_of(assembly, values))
    roles = kinds["AWS::IAM::Role"]
    return (
        f"{counted(len(assembly.stacks), 'stack')} with "
        f"{counted(len(assembly.resources), 'resource')} of {counted(len(kinds), 'type')} "
        f"for {', '.join(accounts)} in {', '.join(regions)}; {counted(roles, 'role')}, "
        f"{counted(open_ones, 'open finding')}. {given.in_words}"
    )


def _links(sections: list[Section]) -> list[Html]:
    links = [element("a", section.heading, href=f"#{section.name}") for section in sections]
    return [part for link in links for part in (link, Html(" \u00b7 "))][:-1]
