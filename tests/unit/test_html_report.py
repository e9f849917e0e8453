"""report.html of a whole run: one page without network that shows what the report says."""

from __future__ import annotations

import json
import random
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.cli.html_report import render, write_html
from tests.pages import HOSTILE, read, words
from tests.reports import whole_report, write_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("run")
    write_run(made)
    return made


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return write_html(whole_report(), folder).read_text()


def with_changes(folder: Path, **changes: Any) -> str:
    report = whole_report()
    report.update(changes)
    return words(render(report, folder))


def test_it_is_one_well_formed_file_that_needs_no_network(folder: Path, page: str) -> None:
    reader = read(page)
    assert (reader.wrong, reader.open) == ([], [])
    assert reader.scripts == 1
    # the namespace of pictures is a name, not an address that is looked up
    loading = page.replace("http://www.w3.org/2000/svg", "")
    for word in ("http:", "https:", "@import", "url(", "<link", "<img", "<iframe"):
        assert word not in loading, word
    assert (folder / "report.html").stat().st_size < 1_000_000


def test_every_link_leads_to_a_file_beside_the_page(folder: Path, page: str) -> None:
    from urllib.parse import unquote

    links = [link for link in read(page).links if not link.startswith("#")]
    assert any("TrainingJobs" in link for link in links)
    for link in links:
        assert (folder / unquote(link)).is_file(), link


def test_the_first_sentences_tell_the_whole_story(page: str) -> None:
    told = words(page)[:900]
    for part in ("digits succeeded", "97.1 %", "1,815", "48 violations", "0.9785", "0.9713"):
        assert part in told, part


def test_the_way_of_the_data_has_the_accounts_numbers(page: str) -> None:
    told = words(page)
    assert "1,822 sent = 1,815 delivered + 0 dropped + 7 failed" in told
    assert "7 failed: transform" in told
    assert "failed: source" not in told
    assert "failed: conversion" not in told


def test_each_kind_of_failure_has_its_branch(folder: Path) -> None:
    records = {
        **whole_report()["records"],
        "delivered": 1800,
        "dropped": 3,
        "failed": {"source": 4, "transform": 5, "conversion": 10},
    }
    told = with_changes(folder, records=records)
    assert "1,822 sent = 1,800 delivered + 3 dropped + 19 failed" in told
    for branch in ("4 failed", "5 failed", "10 failed", "3 dropped"):
        assert branch in told, branch


def test_what_drifted_comes_first_and_is_marked(page: str) -> None:
    told = words(page)
    values = [float(value) for value in re.findall(r"pixels_\d+ (\d\.\d\d) ?✘", told)]
    assert len(values) > 24
    assert values == sorted(values, reverse=True)
    unmarked = [float(value) for value in re.findall(r"pixels_\d+ (\d\.\d\d) (?!✘)", told)]
    assert max(unmarked, default=0) <= min(values)


def test_the_bars_are_marked_by_the_violations_alone(folder: Path, page: str) -> None:
    violations = json.loads((folder / "monitor/drifted/constraint_violations.json").read_text())
    drifted = {
        violation["feature_name"]
        for violation in violations["violations"]
        if violation["constraint_check_type"] == "baseline_drift_check"
    }
    assert set(re.findall(r"(pixels_\d+) \d\.\d\d ✘", words(page))) == drifted
    assert page.count("<figure>") < 12  # distributions of the worst ones only


def test_the_alarm_is_in_the_state_of_its_last_change(page: str) -> None:
    states = re.findall(r'class="state (\w+)"', page)
    assert states == ["insufficient_data", "ok", "alarm", "ok", "alarm"]


def test_the_arrows_have_the_numbers_of_what_went_that_way(page: str) -> None:
    way = words(page[page.index("The way of the data") :])
    told = re.findall(r"([\d,]+) (records|rows|requests|model)\b", way[:900])
    assert told[:3] == [("1,822", "records"), ("1,822", "records"), ("1,815", "records")]
    assert ("1,257", "rows") in told  # of all three channels


@given(st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_a_report_that_lacks_anything_is_a_page_all_the_same(chance: random.Random) -> None:
    report = whole_report()
    for _ in range(chance.randint(1, 6)):
        damage(report, chance)
    with tempfile.TemporaryDirectory() as empty:
        assert read(render(report, Path(empty))).wrong == []


def damage(document: Any, chance: random.Random) -> None:
    """Something somewhere in the document is gone, or null."""
    while True:
        places = list(document) if isinstance(document, dict) else list(range(len(document)))
        if not places:
            return
        place = chance.choice(places)
        if isinstance(document[place], dict | list) and chance.random() < 0.7:
            document = document[place]
            continue
        if chance.random() < 0.5:
            del document[place]
        elif isinstance(document, dict):
            document[place] = None
        return


def test_alarm_and_retraining_are_told_in_order_with_their_reasons(page: str) -> None:
    told = words(page)
    order = [
        told.index("nothing started"),
        told.index("the lake has nothing newer"),
        told.index("a check found the held-out rows as they were"),
        told.index("540 newer records, none running"),
        told.index("0.9785 beats 0.9713"),
    ]
    assert order == sorted(order)


def test_a_model_that_was_not_better_is_told_as_kept_out(folder: Path) -> None:
    retraining = {**whole_report()["retraining"], "value": 0.95, "registered": False}
    told = with_changes(folder, retraining=retraining)
    assert "was not registered" in told
    assert "was registered" not in told


def test_the_ledger_names_what_stood_in(page: str) -> None:
    told = words(page)
    assert "Apache Spark 3.5.6 on this machine" in told
    assert "nothing expires here" in told
    for state in ("live", "api-only", "substituted"):
        assert state in told.lower(), state


def test_a_run_on_aws_has_no_ledger_and_says_so(folder: Path) -> None:
    page = render({**whole_report(), "ledger": None}, folder)
    assert read(page).wrong == []
    assert "Apache Spark" not in words(page)
    assert "Nothing was deployed" not in words(page)
    assert "The stage was deployed before the run" in words(page)


def test_nothing_from_the_data_becomes_markup(folder: Path) -> None:
    report = whole_report()
    report["pipeline"] = HOSTILE
    report["records"]["failures"][0]["reason"] = HOSTILE
    report["events"][0]["detail"] = HOSTILE
    report["ledger"]["entries"][0]["resource"] = HOSTILE
    report["endpoint"]["confusion"]["labels"][0] = HOSTILE
    report["reason"] = HOSTILE
    page = render(report, folder)
    reader = read(page)
    assert (reader.wrong, reader.open, reader.scripts) == ([], [], 1)
    assert "<script>alert" not in page
    assert words(page).count("alert('x')") >= 5


def test_a_failed_run_says_first_where_and_why(folder: Path) -> None:
    told = with_changes(
        folder,
        status="failed",
        failed_step="gate",
        reason="QualityGateMissed: 0.10 is too little",
        monitor=None,
        retraining=None,
        events=[],
        endpoint=None,
    )
    assert "QualityGateMissed: 0.10 is too little" in told[:600]
    assert "gate" in told[:600]
    assert "succeeded" not in told[:200]
    assert "No monitor watched this run" in told
