"""The review's two forms: a page without network, and Markdown that a pull request takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from penstock.review.as_markdown import as_markdown, escaped
from penstock.review.assembly import read
from penstock.review.blocks import Section, Table, alert, code
from penstock.review.review import Review, review
from tests.assemblies import allow, role, template, write_assembly
from tests.pages import HOSTILE, words
from tests.pages import read as read_page


def hostile_template(change: str = "") -> dict[str, Any]:
    statement = allow(f"s3:{HOSTILE}", HOSTILE, Condition={"StringEquals": {HOSTILE: HOSTILE}})
    one = template(
        Feed=("Kinesis::Stream", {"ShardCount": 1, "Name": HOSTILE + change}),
        Worker=("IAM::Role", role(statement)),
        Function=("Lambda::Function", {"Runtime": HOSTILE, "Environment": {"Variables": {}}}),
        Config=(
            "SageMaker::EndpointConfig",
            {"ProductionVariants": [{"VariantName": HOSTILE, "InstanceType": HOSTILE}]},
        ),
    )
    one["Description"] = HOSTILE
    return one


def hostile_review(folder: Path) -> Review:
    report = {
        "pluginReports": [
            {
                "pluginName": HOSTILE,
                "violations": [{"ruleName": HOSTILE, "description": HOSTILE, "severity": HOSTILE}],
            }
        ]
    }
    new = write_assembly(
        folder / "new",
        {"shop": hostile_template()},
        paths={"shop": {"Feed": f"/shop/{HOSTILE}/Resource"}},
        validation=report,
    )
    old = write_assembly(folder / "old", {"shop": hostile_template("before")})
    return review(HOSTILE, read(new), read(old))


def test_the_page_is_one_well_formed_file_that_loads_nothing(tmp_path: Path) -> None:
    page = hostile_review(tmp_path).html
    reader = read_page(page)
    assert (reader.wrong, reader.open) == ([], [])
    assert reader.scripts == 1  # unfolds everything before printing
    assert all(link.startswith("#") for link in reader.links)
    for word in ("http:", "https:", "@import", "url(", "<link", "<img", "<iframe"):
        assert word not in page, word


def test_values_of_templates_stay_text_on_the_page(tmp_path: Path) -> None:
    page = hostile_review(tmp_path).html
    assert "<script>alert" not in page
    assert "alert('x')" in words(page)


def test_values_of_templates_stay_text_in_markdown(tmp_path: Path) -> None:
    text = hostile_review(tmp_path).markdown
    outside = re.sub(r"`[^`]*`", "", text)  # in a code span all is text
    assert "<script>" not in outside
    allowed = {"details", "summary", "sub", "br", "br/", "i", "code"}
    assert set(re.findall(r"</?([\w/]+)>", outside)) <= allowed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a|b", r"a\|b"),
        ("a\nb", "a b"),
        ("*[x](y)*", r"\*\[x\](y)\*"),
        ("@team see #12", "&#64;team see &#35;12"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("`x`", r"\`x\`"),
    ],
)
def test_markdown_reads_nothing_into_a_text(text: str, said: str) -> None:
    assert escaped(text) == said


def test_no_value_breaks_out_of_its_cell() -> None:
    row = [code("a|b"), code("a`b"), alert("x\ny")]
    told = as_markdown(Section("s", "S", [Table(["1", "2", "3"], [list(row)])], is_brief=True))
    (line,) = (line for line in told.splitlines() if "a" in line and "b" in line)
    assert line == r"| `a\|b` | <code>a\`b</code> | ⚠ **x y** |"


def test_the_same_assembly_gives_the_same_files(tmp_path: Path) -> None:
    one, other = hostile_review(tmp_path / "a"), hostile_review(tmp_path / "b")
    assert one.html == other.html
    assert one.markdown == other.markdown
    assert str(tmp_path) not in one.html + one.markdown


def test_every_link_of_the_head_leads_to_a_section(tmp_path: Path) -> None:
    page = hostile_review(tmp_path).html
    links = re.findall(r'href="#(\w+)"', page)
    assert links[0] == "changes"
    assert len(links) == 11
    for name in links:
        assert page.count(f'id="{name}"') == 1


def test_a_pull_request_takes_even_a_large_assembly(tmp_path: Path) -> None:
    roles = {
        f"Role{n}": ("IAM::Role", role(*[allow(f"s3:Get{i}", f"arn:{i}") for i in range(20)]))
        for n in range(100)
    }
    found = review("large", read(write_assembly(tmp_path, {"a": template(**roles)})))
    assert len(found.markdown) < 65_536
    assert "Too long for a pull request: see review.html." in found.markdown
    assert "Role99: 20 statements" in words(found.html)


def test_an_empty_stack_is_reviewed_too(tmp_path: Path) -> None:
    found = review("empty", read(write_assembly(tmp_path, {"a": {"Resources": {}}})))
    assert "1 stack with no resources" in found.markdown
    assert read_page(found.html).wrong == []


def test_both_files_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    found = review("x", read(write_assembly(tmp_path, {"a": template()})))
    paths = found.write(tmp_path / "deep" / "folder")
    assert [path.name for path in paths] == ["review.html", "review.md"]
    assert all(path.read_text() for path in paths)
