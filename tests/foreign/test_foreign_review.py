"""The review of an app that imports nothing of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.review.assembly import read
from penstock.review.diagram.arrows import graph_of
from penstock.review.review import Review, review
from penstock.review.values import Values
from tests.foreign.assembly import changed, put
from tests.pages import words


@pytest.fixture(scope="module")
def found(assembly: Path) -> Review:
    return review("foreign", read(assembly))


def test_its_arrows_are_found_without_any_name_of_ours(assembly: Path) -> None:
    plant = read(assembly)
    graph = graph_of(plant, Values(plant))
    arrows = {
        (graph.nodes[arrow.source].title, graph.nodes[arrow.target].title) for arrow in graph.arrows
    }
    assert {
        ("SensorFeed", "Readings/Delivery"),
        ("Readings/Delivery", "Readings/LineWriter"),
        ("Readings/Delivery", "Landing"),
        ("Inspections/Delivery", "Landing"),
        ("Grader", "Train grader"),
        ("Landing", "Train grader"),
    } <= arrows


def test_policies_attached_from_outside_and_managed_ones_are_told(found: Review) -> None:
    told = words(found.html)
    assert "Used by Grader/Machine (Train grader)" in told
    assert "AWSLambdaBasicExecutionRole" in told
    assert "⚠ other account" not in told  # it is bound to an account, which its policies name


def test_what_it_leaves_unencrypted_stands_out(found: Review) -> None:
    assert "SensorFeed records ⚠ nothing in the template" in words(found.html)


def test_an_edit_of_its_template_is_told(assembly: Path, tmp_path: Path) -> None:
    edit = put("SensorFeed", "AWS::Kinesis::Stream", "ShardCount", 7)
    edited = changed(assembly, tmp_path / "cdk.out", edit)
    told = words(review("foreign", read(edited), read(assembly)).html)
    assert "1 in place" in told
    assert "SensorFeed AWS::Kinesis::Stream ShardCount 2 → 7" in told
