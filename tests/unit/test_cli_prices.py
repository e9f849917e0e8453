"""`penstock prices update`: the file that it writes, and how it says that AWS is out of reach."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.main import app
from penstock.planner import price_list
from penstock.planner.price_list import Fetched
from penstock.planner.prices import FORMAT, Prices


def update(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["prices", "update", *arguments], env={"COLUMNS": "200"})


@pytest.fixture
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "t")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "t")


def answering(monkeypatch: pytest.MonkeyPatch, known: dict[str, float]) -> list[str]:
    """Let the Price List know these; the names that it is asked for."""
    asked: list[str] = []

    def fetch(self: price_list.PriceList, names: Iterable[str], *, date: str) -> Fetched:
        asked.extend(sorted(names))
        prices = Prices(
            format=FORMAT, region="us-east-1", currency="USD", date=date, source="t", prices=known
        )
        return Fetched(prices, {name: "no product" for name in asked if name not in known})

    monkeypatch.setattr(price_list.PriceList, "fetch", fetch)
    return asked


@pytest.mark.usefixtures("_credentials")
def test_what_the_pipelines_are_billed_by_is_fetched_and_a_plan_takes_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = answering(monkeypatch, {"kinesis.shard_hours": 0.5})
    out = tmp_path / "prices.json"
    result = update("--out", str(out))
    assert result.exit_code == 0, result.output
    assert {"kinesis.shard_hours", "sagemaker.hosting.ml.m5.large", "kms.keys"} <= set(asked)
    assert "no price of kms.keys: no product" in result.output
    assert json.loads(out.read_text())["prices"] == {"kinesis.shard_hours": 0.5}
    planned = CliRunner().invoke(app, ["plan", "digits", "--prices", str(out)])
    assert planned.exit_code == 0
    assert "365.00" in planned.output


@pytest.mark.usefixtures("_credentials")
def test_a_price_list_without_any_of_them_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answering(monkeypatch, {})
    out = tmp_path / "prices.json"
    result = update("--out", str(out))
    assert result.exit_code == 2
    assert "AWS's Price List has none of these in us-east-1" in result.output
    assert not out.exists()


def test_a_folder_that_is_not_there_is_said_before_aws_is_asked(tmp_path: Path) -> None:
    result = update("--out", str(tmp_path / "nowhere" / "prices.json"))
    assert result.exit_code == 2
    assert "there is no folder" in result.output
    assert len(result.output.strip().splitlines()) == 1
