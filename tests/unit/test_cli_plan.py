"""`penstock plan` as people call it: the tables, the JSON, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.main import app
from penstock.cli.plan_load import load_of
from penstock.planner.shards import ShardPlan
from pipelines.digits import PIPELINE as DIGITS
from tests.unit.planned import PRICES, SCORED

ACCEPTANCE = (
    *("digits", "--records-per-second", "20000", "--record-kb", "2"),
    *("--consumers", "3"),
)


def plan(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["plan", *arguments], env={"COLUMNS": "200"})


def document(folder: Path, *arguments: str) -> dict[str, Any]:
    out = folder / "plan.json"
    result = plan(*arguments, "--json", str(out))
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def test_a_load_of_60_shards_says_which_bound_decided(tmp_path: Path) -> None:
    found = document(tmp_path, *ACCEPTANCE)["figures"]
    assert found["stream.shards"]["value"] == 60
    assert found["stream.shards"]["because"].startswith("outgoing decided")
    assert found["stream.shards"]["source"]
    assert found["stream.shards_with_fan_out"]["value"] == 40


def test_the_json_has_every_part_under_stable_names(tmp_path: Path) -> None:
    found = document(tmp_path, *ACCEPTANCE)
    assert set(found) == {
        *("pipeline", "environment", "region", "figures", "rates", "quantities", "cost"),
        *("alternatives", "not_counted", "quotas", "account", "instances"),
        "accelerators",
    }
    assert {
        *("load.records_per_second", "stream.shards", "stream.on_demand_share"),
        *("stream.hottest_shard_share", "delivery.objects_per_hour", "delivery.object_mb"),
        *("transform.most_concurrent", "transform.longest_batch_ms", "s3.puts_per_second"),
        *("prepare.workers", "training.channel_gb", "training.train_shards", "training.hosts"),
        "endpoint.instances",
    } <= set(found["figures"])
    for figure in found["figures"].values():
        assert set(figure) == {"value", "unit", "because", "source", "unconfirmed"}
        assert figure["because"]
    assert [row["records_per_second"] for row in found["rates"]][-1] == 10_000_000
    assert found["cost"]["known"] is None
    assert found["account"] is None


def test_the_table_comes_first_and_what_decided_it_last() -> None:
    text = plan(*ACCEPTANCE).output
    order = [
        text.index(heading)
        for heading in (
            "stream.shards",
            "\nInstances\n",
            "From 10 to 10 million records a second, 2 KB each, 3 consumers",
            "Limits on the way",
            "A month of 730 hours",
            "IDLE: the endpoint alone",
            "Quotas that this needs",
            "What decided it",
            "Unconfirmed",
        )
    ]
    assert order == sorted(order)
    assert "amounts are unknown: give --prices FILE" in text


def test_the_load_comes_from_the_description_where_it_is_not_given(tmp_path: Path) -> None:
    found = document(tmp_path, "digits")["figures"]
    assert found["load.record_kb"]["value"] == 8.192
    assert "largest record" in found["load.record_kb"]["because"]
    assert found["load.consumers"]["value"] == 1
    assert found["stream.shards"]["value"] == 1  # what the described shard bears, it bears


@pytest.mark.parametrize("record_kb", [8, 64, 100, 1000])
def test_what_shards_bear_by_themselves_needs_no_more_of_them(record_kb: int) -> None:
    schema = DIGITS.record_schema.model_copy(update={"record_kb": record_kb})
    pipeline = DIGITS.model_copy(update={"record_schema": schema})
    load = load_of(pipeline, records_per_second=None, record_kb=None, consumers=None).load
    assert ShardPlan.of(load).shards == 1


def test_an_on_demand_stream_that_is_scored_has_two_readers_and_begins_small() -> None:
    planned = load_of(SCORED, records_per_second=None, record_kb=None, consumers=None)
    assert planned.load.consumers == 2
    assert planned.load.records_per_second == pytest.approx(4000 / 1.024)
    said = {figure.name: figure.because for figure in planned.figures}
    assert said["load.consumers"] == "the delivery and the scorer"
    assert said["load.records_per_second"].startswith("on demand: a new stream takes 4,000 KB/s")


def test_keys_show_the_hottest_shard(tmp_path: Path) -> None:
    keys = tmp_path / "keys.csv"
    keys.write_text("".join(f"meter-{number},1\n" for number in range(500)) + "busy,500\n")
    arguments = ("--records-per-second", "10000", "--record-kb", "1", "--key-skew", str(keys))
    found = document(tmp_path, "digits", *arguments)["figures"]
    assert found["stream.hottest_shard_share"]["value"] > 0.5
    assert found["stream.throttled_share"]["value"] > 0.4
    assert "key 'busy' alone is 5 times" in found["stream.shards_for_keys"]["because"]


def test_requests_and_latency_plan_the_endpoint(tmp_path: Path) -> None:
    arguments = ("--requests-per-second", "100", "--latency-ms", "50")
    found = document(tmp_path, "digits", *arguments)
    assert found["figures"]["endpoint.instances"]["value"] >= 2
    hours = found["quantities"]["endpoint.instance_hours"]["amount"]
    assert hours == found["figures"]["endpoint.instances"]["value"] * 730


def test_prices_make_amounts_and_the_sum_says_what_it_leaves_out(tmp_path: Path) -> None:
    prices = tmp_path / "prices.json"
    prices.write_text(json.dumps(PRICES))
    arguments = (*ACCEPTANCE, "--prices", str(prices))
    cost = document(tmp_path, *arguments)["cost"]
    assert cost["amounts"]["kinesis.shard_hours"] == 60 * 730 * 0.5
    assert "transform.gb_seconds" in cost["left_out"]
    text = plan(*arguments).output
    assert "that is an unknown amount; what it replaces is" in text
    assert "a month without one request: 73.00 USD" in text
    assert "not in the sum, for they are unknown: " in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nobody",), "unknown pipeline nobody"),
        (("digits", "--records-per-second", "0"), "--records-per-second 0"),
        (("digits", "--records-per-second", "nan"), "--records-per-second nan"),
        (("digits", "--record-kb", "-1"), "--record-kb -1"),
        (("digits", "--consumers", "0"), "--consumers 0"),
        (("digits", "--requests-per-second", "-3"), "--requests-per-second -3"),
        (("digits", "--latency-ms", "0"), "--latency-ms 0"),
        (("digits", "--latency-ms", "60001"), "answers within 60 s"),
        (("digits", "--record-kb", "1025"), "use 1024 or less"),
        (("digits", "--key-skew", "zipf:many"), "--key-skew zipf:many: not a distribution"),
        (("digits", "--key-skew", "nowhere.csv"), "--key-skew nowhere.csv: No such file"),
        (("digits", "--prices", "nowhere.json"), "--prices nowhere.json: No such file"),
        (("digits", "--json", "nowhere/plan.json"), "there is no folder nowhere"),
        (("digits", "--environment", "moon"), "unknown environment moon: choose one of dev"),
        (("digits", "--families", "m5,g9"), "--families 'g9': SageMaker has no such family"),
        (("digits", "--families", "ml.m5"), "use m5"),
        (("digits", "--families", ""), "--families '': SageMaker has no such family"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(arguments: tuple[str, ...], says: str) -> None:
    result = plan(*arguments)
    assert result.exit_code == 2
    assert says in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_prices_of_another_region_are_refused(tmp_path: Path) -> None:
    prices = tmp_path / "prices.json"
    prices.write_text(json.dumps({**PRICES, "region": "eu-west-1"}))
    result = plan("digits", "--prices", str(prices))
    assert result.exit_code == 2
    assert "these are prices of eu-west-1" in result.output


def test_an_account_without_credentials_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROPRICES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_PRICES", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_PRICES", "/dev/null")
    result = plan("digits", "--check-account")
    assert result.exit_code == 2
    assert "--check-account: the environment has no credentials" in result.output


@pytest.mark.parametrize(("allowed", "exit_code"), [(0, 1), (10, 0)])
def test_a_quota_that_is_too_small_is_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, allowed: int, exit_code: int
) -> None:
    from penstock.cli import plan_account
    from penstock.planner.account import Finding

    monkeypatch.setattr(
        plan_account,
        "check_account",
        lambda needs, **_: [Finding(need, allowed * need.needed, 0) for need in needs],
    )
    out = tmp_path / "plan.json"
    result = plan("digits", "--check-account", "--json", str(out))
    assert result.exit_code == exit_code
    assert ("TOO LITTLE" in result.output) is (exit_code == 1)
    fails = [found["fails"] for found in json.loads(out.read_text())["account"]]
    said = "a deploy of digits-dev-serving with so many"
    assert (said in fails) is (exit_code == 1)


def test_neither_help_nor_a_plan_loads_numpy_or_boto3() -> None:
    program = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from penstock.cli.main import app\n"
        "result = CliRunner().invoke(app, sys.argv[1:])\n"
        "assert result.exit_code == 0, result.output\n"
        "loaded = {'numpy', 'boto3', 'botocore', 'aws_cdk'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    for arguments in (("--help",), ("plan", "digits")):
        subprocess.run([sys.executable, "-c", program, *arguments], check=True)


@pytest.mark.parametrize(
    ("switch", "hours"),
    [
        ({"at_first": "off"}, 0),
        ({"at_first": "on"}, 730),
        ({"hours": {"start": "08:00", "end": "18:00", "days": ["MON", "TUE"]}}, 730 * 20 / 168),
    ],
)
def test_the_endpoints_hours_are_those_of_the_environments_switch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switch: dict[str, Any], hours: float
) -> None:
    settings = {"region": "us-east-1", "serving_switch": switch}
    context = {"context": {"environments": {"dev": settings}}}
    (tmp_path / "cdk.json").write_text(json.dumps(context))
    monkeypatch.chdir(tmp_path)
    found = document(tmp_path, "digits")["quantities"]["endpoint.instance_hours"]
    assert found["amount"] == pytest.approx(hours, abs=0.001)
    assert ("switched off" in found["because"]) == (hours == 0)


def test_an_environment_that_is_refused_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"region": "us-east-1", "budget": {"monthly_usd": -1}}
    context = {"context": {"environments": {"dev": settings}}}
    (tmp_path / "cdk.json").write_text(json.dumps(context))
    monkeypatch.chdir(tmp_path)
    result = plan("digits")
    assert result.exit_code == 2
    assert "budget.monthly_usd" in result.output
