"""The accelerators of a pipeline side by side: machines, quotas, quantities, what is unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.advisor import Hosting, Model, Training, judge
from penstock.cli.main import app
from penstock.cli.offer_blocks import offer_blocks
from penstock.cli.offer_rows import Row, alike, doubts, quota_lines, rows
from penstock.cli.offers import Offer, offers
from penstock.planner.load import Load
from penstock.planner.plan import Plan
from penstock.planner.prices import Prices
from penstock.planner.quotas import needs
from penstock.review.as_markdown import as_markdown
from penstock.review.assembly import read
from penstock.review.blocks import Section
from penstock.review.given import Given
from penstock.review.review import review
from pipelines.reviews import ACCELERATORS, PIPELINE
from tests.assemblies import template, write_assembly
from tests.unit.planned import PRICES


def found(**changes: Any) -> list[Offer]:
    plan = Plan(PIPELINE, Load(10, 4, 1), "us-east-1")
    settings: dict[str, Any] = {"planned": plan, "environment": "dev", "prices": None, **changes}
    return offers(ACCELERATORS, PIPELINE, **settings)


def cells(shown: list[Row], part: str, label: str) -> dict[str, str]:
    """A row's cells by accelerator."""
    (row,) = [row for row in shown if (row.part, row.label) == (part, label)]
    return dict(zip(ACCELERATORS, row.cells, strict=True))


def call(*arguments: str) -> Any:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "100"})


def test_each_choice_has_machines_of_its_kind() -> None:
    machines = {offer.accelerator: offer.machines for offer in found()}
    kinds = {
        name: [
            accelerator.kind if (accelerator := its[role].facts.accelerator) else "cpu"
            for role in ("training", "serving")
        ]
        for name, its in machines.items()
    }
    assert kinds == {
        "gpu": ["gpu", "gpu"],
        "trainium": ["trainium", "inferentia"],
        "cpu": ["cpu", "cpu"],
    }
    assert [name for name, its in machines.items() if "compilation" in its] == ["trainium"]
    for its in machines.values():
        for role in ("training", "serving"):
            judged = its[role].judged
            assert judged is not None
            assert judged.misfit is None
            assert judged.needed_gib is not None
            assert judged.room_gib is not None
            assert 0 < judged.needed_gib < judged.room_gib


def test_the_table_says_which_is_the_default_and_fits_100_columns() -> None:
    lines = call("plan", "reviews").output.splitlines()
    first = next(n for n, text in enumerate(lines) if "side by side, with " in text) + 1
    last = next(n for n, text in enumerate(lines) if text.startswith("machines: "))
    default = next(name for name, pipeline in ACCELERATORS.items() if pipeline == PIPELINE)
    assert lines[first].split("  ")[0] == ""
    assert f"{default} (the default)" in lines[first]
    assert max(map(len, lines[first:last])) <= 100
    assert f"What follows is {default}; --accelerator shows another one alone." in lines


def test_a_plan_of_one_choice_shows_it_alone(tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    done = call("plan", "reviews", "--accelerator", "trainium", "--json", str(out))
    assert done.exit_code == 0
    assert "side by side" not in done.output
    document = json.loads(out.read_text())
    assert document["accelerators"] == {}
    assert document["quantities"]["compilation.instance_hours"]["bound"] == "at most"
    trained_on = {one["name"].partition(" ")[0] for one in document["quotas"]}
    assert ACCELERATORS["trainium"].serving.instance_type in trained_on


def test_the_json_has_all_choices(tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    assert call("plan", "reviews", "--json", str(out)).exit_code == 0
    document = json.loads(out.read_text())["accelerators"]
    assert list(document) == list(ACCELERATORS)
    assert [name for name, one in document.items() if one["default"]] == ["gpu"]
    compilation = document["trainium"]["machines"]["compilation"]
    assert compilation["instance_type"].startswith("ml.trn1")
    assert compilation["quotas"][0]["name"] == (
        f"{compilation['instance_type']} for training job usage"
    )
    assert compilation["quotas"][0]["default"] is None
    assert compilation["hours_a_month"] >= compilation["at_most_hours_a_run"] == 1
    assert "compilation" not in document["gpu"]["machines"]
    assert "compilation.instance_hours" not in document["gpu"]["quantities"]
    assert document["gpu"]["machines"]["serving"]["hours_a_month"] == 730


def test_a_part_that_a_choice_does_not_have_is_none_and_then_empty() -> None:
    shown = rows(found(), "us-east-1")
    assert cells(shown, "Compilation", "machines")["gpu"] == "none"
    assert cells(shown, "Compilation", "quota needed")["gpu"] == ""
    assert cells(shown, "Compilation", "quota needed")["trainium"] == "1"
    assert cells(shown, "Compilation", "the model")["trainium"] == "unknown"


def test_prices_are_shown_where_they_were_given() -> None:
    with_prices = rows(found(prices=Prices.model_validate(PRICES)), "us-east-1")
    serving = cells(with_prices, "Serving", "USD a month")
    assert set(serving.values()) == {"unknown"}  # none of the file's is one of these types
    assert not [row for row in rows(found(), "us-east-1") if row.label == "USD a month"]
    priced = {**PRICES, "prices": {"sagemaker.hosting.ml.inf2.xlarge": 2.0}}
    shown = rows(found(prices=Prices.model_validate(priced)), "us-east-1")
    assert cells(shown, "Serving", "USD a month")["trainium"] == "1,460"


def test_what_is_the_same_for_all_is_said_once() -> None:
    lines = alike(found())
    assert any(line.startswith("training.channel_gb: ") for line in lines)
    assert any(line.startswith("kinesis.shard_hours: ") for line in lines)
    assert not any(line.startswith("endpoint.instance_hours: 1") for line in lines)
    assert not any(line.startswith("compilation.") for line in lines)


def test_a_region_without_the_image_is_seen() -> None:
    shown = rows(found(), "xx-nowhere-1")
    there = cells(shown, "Training", "in xx-nowhere-1")
    assert all(cell.startswith("NO image") for cell in there.values())


def test_quotas_have_their_names_and_unconfirmed_stays_unconfirmed() -> None:
    lines = quota_lines(found())
    assert any("trainium: ml.inf2" in line and "for endpoint usage" in line for line in lines)
    assert all(line.endswith("default unknown") for line in lines)
    said = doubts(found(), "us-east-1")
    assert any(line.startswith("in new accounts it is often 0") for line in said)
    assert any("whether us-east-1 has the type" in line for line in said)


def test_a_compilation_on_the_trainings_machine_asks_for_one_quota() -> None:
    pipeline = ACCELERATORS["trainium"]
    compilation = pipeline.compilation
    assert compilation is not None
    alike_machine = {"instance_type": compilation.instance_type, "spot": None}
    paid = pipeline.training.model_copy(update=alike_machine)
    plan = Plan(pipeline.model_copy(update={"training": paid}), Load(10, 4, 1), "us-east-1")
    names = [need.name for need in needs(plan, "dev")]
    assert names.count(f"{compilation.instance_type} for training job usage") == 1


def test_a_review_shows_the_same_rows() -> None:
    section = Section("accelerators", "Side by side", list(offer_blocks(found(), "us-east-1")))
    text = as_markdown(section)
    for row in rows(found(), "us-east-1"):
        for cell in row.cells:
            assert cell.replace("<", "&lt;") in text


HUGE = Model(parameters=70_000_000_000, layers=80, hidden_size=8192)


@pytest.mark.parametrize("need", [Training(model=HUGE), Hosting(model=HUGE)])
def test_a_model_that_does_not_fit_says_what_is_missing(need: Training | Hosting) -> None:
    judged = judge("ml.g5.xlarge", need)
    assert judged.misfit is not None
    assert "GiB are needed for the model" in judged.misfit
    assert judged.needed_gib is not None
    assert judged.room_gib is not None
    assert judged.needed_gib > judged.room_gib


def test_activations_count_to_what_is_needed_and_not_against_the_room() -> None:
    model = Model(parameters=67_000_000, layers=6, hidden_size=768)
    plain = judge("ml.g5.xlarge", Training(model=model))
    step = judge("ml.g5.xlarge", Training(model=model, sequence_length=256, batch_size=32))
    assert step.room_gib == plain.room_gib
    assert step.needed_gib is not None
    assert plain.needed_gib is not None
    assert step.needed_gib - plain.needed_gib == pytest.approx(model.activations_gib(256, 32))


def test_a_review_has_the_section_where_there_is_a_choice(tmp_path: Path) -> None:
    one = read(write_assembly(tmp_path, {"a": template(T=("SNS::Topic", {}))}))
    shown = tuple(offer_blocks(found(), "us-east-1"))
    with_choice = review("a", one, given=Given(accelerators=shown)).sections
    assert [section.name for section in with_choice][:2] == ["diagram", "accelerators"]
    assert "accelerators" not in [section.name for section in review("a", one).sections]
