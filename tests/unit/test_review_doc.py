"""docs/review.md says what the command has: its options, its sections."""

from __future__ import annotations

import inspect
from pathlib import Path

from penstock.cli.main import review as command
from penstock.review.assembly import read
from penstock.review.review import review
from tests.assemblies import template, write_assembly

TEXT = Path(__file__).parents[2].joinpath("docs/review.md").read_text()


def test_every_option_is_on_the_page() -> None:
    names = set(inspect.signature(command).parameters) - {"pipeline"}
    assert {name for name in names if f"--{name.replace('_', '-')}" not in TEXT} == set()


def test_every_section_is_on_the_page(tmp_path: Path) -> None:
    one = read(write_assembly(tmp_path, {"a": template(T=("SNS::Topic", {}))}))
    headings = {section.heading for section in review("a", one, one).sections}
    assert len(headings) > 9
    assert {heading for heading in headings if f"| {heading} |" not in TEXT} == set()
