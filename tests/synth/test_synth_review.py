"""The review of digits' own templates: what they are known to say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.main import app
from penstock.cli.review_reasons import reasons_of
from penstock.planner.load import Load
from penstock.planner.plan import Plan
from penstock.planner.quantities import quantities as of_plan
from penstock.review.assembly import read
from penstock.review.diagram.arrows import graph_of
from penstock.review.given import Given
from penstock.review.quantities import quantities
from penstock.review.review import Review, review
from penstock.review.values import Values
from pipelines.registry import load
from tests.pages import words
from tests.synth.conftest import Synthesized
from tests.unit.planned import PRICES


@pytest.fixture(scope="module")
def digits(dev: Synthesized) -> Review:
    return review("digits in dev", read(dev.out))


def test_the_diagram_shows_the_whole_way_of_the_data(dev: Synthesized) -> None:
    assembly = read(dev.out)
    graph = graph_of(assembly, Values(assembly))
    assert list(graph.groups) == ["ingestion", "lake", "training", "serving", "monitoring"]
    found = {
        (graph.nodes[arrow.source].title, graph.nodes[arrow.target].title) for arrow in graph.arrows
    }
    way = [
        ("Stream", "Delivery"),
        ("Delivery", "Lake"),
        ("Lake", "Prepare"),
        ("Lake", "Train"),
        ("Train", "Artifacts"),
        ("Training", "Models"),
        ("Models", "Deployment/Approved"),
        ("Deployment/Approved", "Deployment"),
        ("Deployment", "ModelPackage"),
        ("ModelPackage", "DigitsDevModel"),
        ("DigitsDevModel", "Endpoint"),
        ("Endpoint", "Lake"),
        ("Lake", "Monitor"),
        ("Monitor", "Violations"),
        ("Violations", "Retrain/Drifted"),
        ("Retrain/Drifted", "Retrain"),
        ("Retrain", "Training"),
    ]
    assert [step for step in way if step not in found] == []


def test_nothing_is_public_and_only_the_registry_is_another_account(digits: Review) -> None:
    told = words(digits.html)
    assert "PUBLIC" not in told
    assert "may become public" not in told
    # the registry of SageMaker's own images in us-east-1
    assert "other account 382416733822" in told
    assert told.count("other account") == told.count("other account 382416733822")


def test_everything_that_is_stored_has_the_pipelines_key_but_what_cannot(digits: Review) -> None:
    (section,) = (found for found in digits.sections if found.name == "encryption")
    told = str(section.blocks)
    assert "nothing in the template" not in told
    assert "foundation/AccessLogs" in told  # log delivery cannot use a key
    assert "training/ModelPackage" in told  # an ARN, not a secret


def test_findings_have_their_reasons(digits: Review) -> None:
    assert "no open findings" in words(digits.html)
    assert "it holds the access logs; its own would log themselves" in words(digits.html)


def test_a_pattern_in_a_role_has_its_reason_beside_it(digits: Review) -> None:
    told = words(digits.html)
    role = told[told.index("ingestion/Delivery/Role: ") :]
    role = role[: role.index("training/Prepare/Role: ")]
    given = "lake/Lake/errors/* lake/Lake/records/* reason given: objects below these prefixes"
    assert given in role


def test_each_machine_of_sagemaker_has_its_reason(dev: Synthesized) -> None:
    given = Given(reasons=reasons_of(load()["digits"], region="us-east-1"))
    told = words(review("digits", read(dev.out), given=given).html)
    section = told[told.index("Instances for use") : told.index("Glue job workers")]
    assert section.count("it is the first choice. ml.m5.large was chosen") == 2
    assert section.count("the type of the endpoint") == 1
    assert "none given" not in section
    assert "not SageMaker's" in section


def test_the_command_writes_both_forms_with_cost_and_limits(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(PRICES))
    load = ("--records-per-second", "20000", "--record-kb", "2", "--consumers", "3")
    arguments = ["review", "digits", "--out", str(tmp_path), "--prices", str(file), *load]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    page = words((tmp_path / "review.html").read_text())
    text = (tmp_path / "review.md").read_text()
    assert "endpoints that idle, a month 73.00 USD" in page
    assert "outgoing decided" in page
    assert "none given" not in page
    assert "**73.00 USD** endpoints that idle" in text
    assert "| `stream.shards` | ⚠ **60** | 1 |" in text
    assert len(text) < 65_536


def test_what_the_stream_carries_is_counted_in_the_month_of_a_load(dev: Synthesized) -> None:
    assembly = read(dev.out)
    found = quantities(assembly, Values(assembly))
    by_load = {(each.resource, each.price) for each in found if each.is_by_load}
    assert by_load == {
        ("ingestion/Stream", "kinesis.put_units"),
        ("ingestion/Delivery/Stream", "firehose.stream_source_gb"),
        ("ingestion/Delivery/Stream", "firehose.converted_gb"),
        ("lake/Lake", "s3.gb_months"),
    }
    planned = Plan(load()["digits"], Load(1000, 2, 1), "us-east-1")
    assert {price for _, price in by_load} <= {each.price for each in of_plan(planned)}


def test_a_pull_request_takes_it(digits: Review) -> None:
    assert len(digits.markdown) < 65_536


def test_against_another_choice_only_what_was_chosen_differs(
    dev: Synthesized, plain: Synthesized
) -> None:
    found = review("digits", read(dev.out), read(plain.out))
    told = words(found.html)
    section = told[told.index("Changes ") : told.index("The way of the data From")]
    assert "monitoring/Violations" in section
    assert "AWS::SageMaker::EndpointConfig" in section
    assert "DataCaptureConfig: replaced" in section
    assert "ingestion/" not in section


def test_two_synths_have_the_same_review(synthesize: Any, dev: Synthesized, tmp_path: Path) -> None:
    again: Synthesized = synthesize()
    assert review("x", read(again.out)).html == review("x", read(dev.out)).html
    assert review("x", read(again.out), read(dev.out)).html.count("No resource differs.") == 1
