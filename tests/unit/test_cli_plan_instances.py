"""What `penstock plan` says of instance types: chosen or given, why, and by whose prices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from penstock.cli import plan_instances
from penstock.cli.plan_instances import choices
from pipelines.spec import Pipeline, Variant
from tests.unit.planned import DIGITS, SCORED
from tests.unit.test_cli_plan import document, plan


def with_machines(training: str, serving: str, pipeline: Pipeline = DIGITS) -> Pipeline:
    fields = {name: getattr(pipeline, name) for name in Pipeline.model_fields}
    for part, machine in (("training", training), ("serving", serving)):
        described = fields[part]
        fields[part] = {name: getattr(described, name) for name in described.model_fields_set}
        fields[part]["instance_type"] = machine
    return Pipeline.model_validate(fields)


def sentence(instance_type: str, **limits: Any) -> str | None:
    """How a given type of the endpoint compares."""
    described = with_machines("ml.m5.large", instance_type)
    _, serving = choices(described, **{"region": "us-east-1", "families": None, **limits})
    assert serving.instance_type == described.serving.instance_type
    return serving.comparison


def test_what_auto_chose_is_the_advisors_first_choice_and_needs_no_comparison() -> None:
    training, serving = choices(with_machines("auto", "auto"), region="us-east-1", families=None)
    for choice in (training, serving):
        assert choice.is_auto
        assert choice.advice.chosen is not None
        assert choice.instance_type == choice.advice.chosen.name
        assert choice.comparison is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("ml.m5.large", "ml.m5.large is given, and it is the first choice."),
        (
            "ml.m5.xlarge",
            "ml.m5.xlarge is given and fits: 0.192 USD/h, 100.0% more than ml.m5.large, the first "
            "choice, for 4 vCPU, 16 GiB.",
        ),
        (
            "ml.m6i.large",
            "ml.m6i.large is given and fits: 0.096 USD/h, the same as ml.m5.large, the first "
            "choice, for 2 vCPU, 8 GiB.",
        ),
        (
            "ml.c4.xlarge",
            "ml.c4.xlarge is given and would not be taken: it has 7.5 GiB of memory, 8 are needed; "
            "ml.m5.large would be taken.",
        ),
    ],
)
def test_a_given_type_is_compared_in_one_sentence(given: str, says: str) -> None:
    assert sentence(given) == says


@pytest.mark.parametrize("is_json", [False, True])
def test_a_further_variant_is_compared_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_json: bool
) -> None:
    from penstock.cli import plan as command

    shadow = Variant(name="shadow", instance_type="ml.c4.xlarge")
    nvme = Variant(name="local", instance_type="ml.c5d.xlarge")  # takes no batch transform
    serving = DIGITS.serving.model_copy(update={"others": (shadow, nvme)})
    varied = DIGITS.model_copy(update={"serving": serving})
    monkeypatch.setattr(command, "known_pipeline", lambda *_: varied)
    if is_json:
        others = document(tmp_path, "digits")["instances"]["others"]
        assert set(others) == {"shadow", "local"}
        said = {name: other["comparison"] for name, other in others.items()}
    else:
        lines = plan("digits").output.splitlines()
        said = {
            name: lines[lines.index(f"serving, variant {name}: {kind}, given") + 1].strip()
            for name, kind in (("shadow", "ml.c4.xlarge"), ("local", "ml.c5d.xlarge"))
        }
    assert "would not be taken: it has 7.5 GiB of memory, 8 are needed" in said["shadow"]
    assert said["local"].startswith("ml.c5d.xlarge is given and fits")


def test_families_limit_the_choice_and_what_is_outside_says_so() -> None:
    said = sentence("ml.m5.large", families=("c5", "m6i"))
    assert said is not None
    assert "only c5, m6i are permitted (families); ml.m6i.large would be taken" in said
    auto = with_machines("auto", "auto")
    limited, _ = choices(auto, region="us-east-1", families=("m6i",))
    assert limited.is_auto
    assert limited.comparison is not None  # the description did not know of the limit


def test_nothing_that_fits_is_said_and_is_no_error() -> None:
    said = sentence("ml.m5.large", families=("p5",))
    assert said is not None
    assert "No instance type fits" in said


def test_another_region_says_that_its_prices_are_unknown() -> None:
    for choice in choices(SCORED, region="eu-west-1", families=None):
        assert "prices of eu-west-1 are unknown" in " ".join(choice.advice.notes)


def test_the_json_has_the_answer_under_stable_names(tmp_path: Path) -> None:
    found = document(tmp_path, "digits")["instances"]
    assert set(found) == {"training", "serving", "others", "prices"}
    assert found["others"] == {}
    assert set(found["prices"]) == {"of", "region", "date", "source"}
    assert found["prices"]["of"] == "EC2 on demand, not SageMaker's"
    for use in ("training", "serving"):
        assert set(found[use]) == {
            *("instance_type", "auto", "comparison", "first_choice", "reason", "candidates"),
            *("notes", "unconfirmed"),
        }
        assert found[use]["instance_type"] == "ml.m5.large"
        assert found[use]["auto"] is False
        first = found[use]["candidates"][0]
        assert first["name"] == found[use]["first_choice"]
        assert first["ec2_usd_per_hour"] == 0.096
        assert first["reason"] == found[use]["reason"]
        assert "not SageMaker's" in found[use]["notes"][0]


def test_the_command_says_it_and_whose_prices_it_goes_by(monkeypatch: pytest.MonkeyPatch) -> None:
    from penstock.cli import plan as command

    training = SCORED.training.model_copy(update={"instance_count": 2})
    pipeline = SCORED.model_copy(update={"training": training})
    monkeypatch.setattr(command, "known_pipeline", lambda *_: pipeline)
    text = plan("meters").output
    part = text.partition("\nInstances\n")[2].partition("\nFrom 10 to")[0]
    assert "training: ml.m5.large, given\n" in part
    assert "serving: ml.m5.large, given\n" in part
    assert part.count("was chosen: ") == 2
    assert part.count("was not chosen: ") == 6
    assert "for 2 machines" in part  # as many as the description has
    prices = "prices are EC2's on demand in us-east-1 of 2026-07-20, not SageMaker's"
    assert part.index(prices) < part.index("USD")
    assert part.count(prices) == 1


def test_the_command_shows_what_auto_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    from penstock.cli import plan as command

    monkeypatch.setattr(command, "known_pipeline", lambda *_: with_machines("auto", "auto"))
    text = plan("digits").output
    assert "training: ml.m5.large, chosen by 'auto'\n" in text
    assert "ml.m5.large is given" not in text


def test_families_of_the_command_reach_both_machines(tmp_path: Path) -> None:
    found = document(tmp_path, "digits", "--families", "m5, m6i")["instances"]
    for use in ("training", "serving"):
        assert found[use]["first_choice"] == "ml.m5.large"
        assert {one["name"].split(".")[1] for one in found[use]["candidates"]} == {"m5", "m6i"}


def test_no_prices_of_ec2_are_in_an_amount(tmp_path: Path) -> None:
    assert document(tmp_path, "digits")["cost"]["known"] is None
    assert "usd" not in json.dumps(document(tmp_path, "digits")["quantities"]).lower()
    assert plan_instances.prices_document()["date"] == "2026-07-20"
