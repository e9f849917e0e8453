"""Prices and amounts: tiers, what is unknown, and sums that say what they leave out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.cli.plan_table import cost_lines
from penstock.planner.cost import Cost
from penstock.planner.prices import Prices, PricesError
from penstock.planner.quantities import quantities
from tests.unit.planned import PRICES, plan_of


def written(folder: Path, **changed: Any) -> Path:
    path = folder / "prices.json"
    path.write_text(json.dumps({**PRICES, **changed}))
    return path


def test_a_number_is_a_price_and_tiers_are_walked(tmp_path: Path) -> None:
    prices = Prices.read(written(tmp_path))
    assert prices.amount("kinesis.shard_hours", 4) == 2
    assert prices.amount("kinesis.put_units", 4) == 12
    assert prices.amount("kinesis.put_units", 15) == 35
    assert prices.amount("lambda.requests", 4) is None


@given(st.floats(min_value=0, max_value=1e9), st.floats(min_value=0, max_value=1e9))
def test_more_never_costs_less(first: float, second: float) -> None:
    prices = Prices.model_validate(PRICES)
    less, more = sorted((first, second))
    cheap = prices.amount("kinesis.put_units", less)
    dear = prices.amount("kinesis.put_units", more)
    assert cheap is not None
    assert dear is not None
    assert cheap <= dear


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"format": "2"}, "format"),
        ({"region": 3}, "region"),
        ({"prices": {"a": -1}}, "0 or more"),
        ({"prices": {"a": "cheap"}}, "prices.a"),
        ({"prices": {"a": []}}, "tiers rise"),
        ({"prices": {"a": [{"above": 1, "price": 1}]}}, "tiers rise"),
        ({"prices": {"a": [{"above": 0, "price": 1}, {"above": 0, "price": 2}]}}, "tiers rise"),
        ({"more": 1}, "more"),
    ],
)
def test_a_file_of_another_form_is_refused_in_one_line(
    tmp_path: Path, changed: dict[str, Any], says: str
) -> None:
    with pytest.raises(PricesError, match=says) as refused:
        Prices.read(written(tmp_path, **changed))
    assert "\n" not in str(refused.value)


def test_a_missing_file_and_no_json_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PricesError, match="No such file"):
        Prices.read(tmp_path / "none.json")
    (tmp_path / "text.json").write_text("cheap")
    with pytest.raises(PricesError, match="no JSON"):
        Prices.read(tmp_path / "text.json")


def test_without_prices_nothing_is_known_and_nothing_is_summed() -> None:
    cost = Cost.of(quantities(plan_of()), None)
    assert cost.known is None
    assert cost.idle is None
    assert len(cost.left_out) == len(cost.amounts)
    lines = cost_lines(cost)
    assert lines[0].startswith("IDLE: the endpoint alone is 730 instance-hours a month")
    assert "an unknown amount" in lines[0]
    assert "amounts are unknown: give --prices FILE" in lines[1]


def test_a_sum_says_what_it_leaves_out_and_what_in_it_is_a_bound() -> None:
    cost = Cost.of(quantities(plan_of(rate=1)), Prices.model_validate(PRICES))
    amounts = {found.quantity.name: found.amount for found in cost.amounts}
    assert amounts["kinesis.shard_hours"] == 365
    assert amounts["endpoint.instance_hours"] == pytest.approx(73)
    assert amounts["transform.gb_seconds"] is None  # the quantity is unknown
    assert amounts["kms.keys"] is None  # the price is
    known = [amount for amount in amounts.values() if amount is not None]
    assert cost.known == pytest.approx(sum(known))
    assert {"transform.gb_seconds", "kms.keys"} <= set(cost.left_out)
    jobs = (amounts["monitor.dpu_hours"] or 0) + (amounts["prepare.dpu_hours"] or 0)
    assert cost.of_it_at_most == pytest.approx(jobs)
    # idle: shards, endpoint, and the monitor's checks
    assert cost.idle == pytest.approx(365 + 73 + (amounts["monitor.dpu_hours"] or 0))
    text = "\n".join(cost_lines(cost))
    assert (
        "IDLE: the endpoint alone is 730 instance-hours a month without one request: 73.00 USD"
        in text
    )
    assert "not in the sum, for they are unknown: " in text
    assert "transform.gb_seconds" in text
