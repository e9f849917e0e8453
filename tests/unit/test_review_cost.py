"""What quantities cost in a review: what is known, what is not, what idles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from penstock.catalog.facts import UnknownFactError
from penstock.catalog.price_list import price_list_entry
from penstock.cli.errors import UsageError
from penstock.cli.review import AskedLoad, review_assembly
from penstock.planner.prices import Prices
from penstock.review.as_html import as_html
from penstock.review.as_markdown import as_markdown
from penstock.review.assembly import Assembly, read
from penstock.review.blocks import Paragraph
from penstock.review.cost import priced, quantities_section
from penstock.review.given import AtLoad, Given
from penstock.review.quantities import quantities
from penstock.review.values import Values
from tests.assemblies import template, write_assembly
from tests.pages import words

DOC = Path(__file__).parents[2].joinpath("docs/review.md").read_text()


def prices(**named: float) -> Prices:
    return Prices(
        format="penstock-prices-1",
        region="eu-west-1",
        currency="USD",
        date="2026-11-22",
        source="made up",
        prices={name.replace("__", "."): price for name, price in named.items()},
    )


def endpoint(instance_type: str, count: int = 1) -> tuple[str, dict[str, Any]]:
    variant = {"InstanceType": instance_type, "InitialInstanceCount": count}
    return ("SageMaker::EndpointConfig", {"ProductionVariants": [variant]})


def everything(folder: Path) -> Assembly:
    """One of each thing that has a quantity."""
    destination = {
        "BucketARN": {"Fn::GetAtt": ["Lake", "Arn"]},
        "DataFormatConversionConfiguration": {"Enabled": True},
    }
    one = template(
        Config=endpoint("ml.m5.large", 2),
        Small=(
            "SageMaker::EndpointConfig",
            {"ProductionVariants": [{"VariantName": "main", "ServerlessConfig": {}}]},
        ),
        Feed=("Kinesis::Stream", {"ShardCount": 2, "RetentionPeriodHours": 48}),
        Free=("Kinesis::Stream", {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}),
        Lake=("S3::Bucket", {}),
        Logs=("S3::Bucket", {}),
        Delivery=(
            "KinesisFirehose::DeliveryStream",
            {
                "DeliveryStreamType": "KinesisStreamAsSource",
                "ExtendedS3DestinationConfiguration": destination,
            },
        ),
        Windows=("DynamoDB::Table", {"BillingMode": "PAY_PER_REQUEST"}),
        Fast=("Lambda::Function", {"MemorySize": 1024, "Timeout": 1}),
        Job=("Glue::Job", {"NumberOfWorkers": 2, "WorkerType": "R.1X", "Timeout": 30}),
        Alarm=("CloudWatch::Alarm", {}),
        Secret=("SecretsManager::Secret", {}),
        Daily=("Events::Rule", {"ScheduleExpression": "rate(1 day)"}),
        Key=("KMS::Key", {}),
    )
    return read(write_assembly(folder, {"a": one}))


def told(found: Assembly, given: Given) -> str:
    return as_markdown(quantities_section(found, Values(found), given))


def test_an_amount_times_its_price_is_a_cost_and_what_has_none_is_unknown(tmp_path: Path) -> None:
    found = everything(tmp_path)
    known = prices(
        sagemaker__hosting__ml__m5__large=0.5, lambda__gb_seconds=0.001, glue__memory_dpu_hours=3
    )
    costs = {
        (each.quantity.resource, each.quantity.what): each.cost
        for each in priced(quantities(found, Values(found)), known)
    }
    assert costs["Config ()", "ml.m5.large"] == 2 * 730 * 0.5
    assert costs["Fast", "a call"] == 0.001
    assert costs["Job", "a run"] == 2 * 0.5 * 3
    assert costs["Key", "key"] is None
    assert costs["Feed", "records in"] is None


def test_a_sum_says_how_many_it_leaves_out_and_which(tmp_path: Path) -> None:
    known = prices(sagemaker__hosting__ml__m5__large=0.5, kms__keys=1)
    said = told(everything(tmp_path), Given(prices=known))
    assert "**730.00 USD** endpoints that idle" in said
    assert "**731.00 USD + 6 unknown** all that idles" in said
    assert "what they cost is unknown: 6 of 8 (kinesis.shard" in said
    assert "Prices of eu-west-1, 2026-11-22: made up." in said


def test_where_all_is_known_the_sum_says_so(tmp_path: Path) -> None:
    one = template(Config=endpoint("ml.m5.large"), Key=("KMS::Key", {}))
    found = read(write_assembly(tmp_path, {"a": one}))
    known = prices(sagemaker__hosting__ml__m5__large=0.5, kms__keys=1)
    said = told(found, Given(prices=known))
    assert "**366.00 USD** all that idles" in said
    assert "All of these are in the sum." in said


def test_endpoints_of_which_one_has_no_price_are_not_summed_silently(tmp_path: Path) -> None:
    one = template(A=endpoint("ml.m5.large"), B=endpoint("ml.c5.large"))
    found = read(write_assembly(tmp_path, {"a": one}))
    given = Given(prices=prices(sagemaker__hosting__ml__m5__large=1))
    said = told(found, given)
    assert "**730.00 USD + 1 unknown** endpoints that idle" in said
    assert "⚠ **730.00, without one request**" in said
    assert "⚠ **unknown, without one request**" in said
    page = words(str(as_html(quantities_section(found, Values(found), given))))
    assert "endpoints that idle, a month 730.00 USD + 1 unknown" in page
    assert "1,460 instance-hours without one request" in page


def test_without_prices_nothing_is_known_and_the_option_is_named(tmp_path: Path) -> None:
    found = everything(tmp_path)
    said = told(found, Given())
    assert "**1,460 instance-hours** endpoints that idle, a month" in said
    assert "**unknown** all that idles" in said
    assert "give --prices FILE" in said
    assert all(each.cost is None for each in priced(quantities(found, Values(found)), None))


def test_what_the_load_counts_is_told_there_and_nowhere_else(tmp_path: Path) -> None:
    found = everything(tmp_path)
    names = frozenset(
        {"kinesis.put_units", "firehose.stream_source_gb", "firehose.converted_gb", "s3.gb_months"}
    )
    load = AtLoad("a load", limits=[], cost=[Paragraph("the month")], prices=names)
    without, said = told(found, Given()), told(found, Given(load=load))
    assert "| Small | serverless main | by the load |" in without
    for row in ("| Feed | records in", "| Delivery | records delivered", "| Lake | objects"):
        assert row in without
        assert row not in said
    assert "| Logs | objects | unknown" in said  # no stream writes there
    assert "| Windows | reads | by the load" in said  # the load did not count it
    assert "the month" in said


def test_every_price_is_one_of_the_price_list_or_named_in_the_documentation(tmp_path: Path) -> None:
    found = everything(tmp_path)
    names = {each.price for each in quantities(found, Values(found))}
    by_hand = set()
    for name in names:
        try:
            price_list_entry(name)
        except UnknownFactError:
            by_hand.add(name)
    assert len(names) > len(by_hand) > 0
    assert {name for name in by_hand if f"`{name}`" not in DOC} == set()


def test_any_assembly_takes_prices_of_its_own_region_alone(tmp_path: Path) -> None:
    one = template(Config=endpoint("ml.m5.large"))
    folder = write_assembly(tmp_path / "out", {"a": one})  # in eu-west-1
    file = tmp_path / "prices.json"
    known = prices(sagemaker__hosting__ml__m5__large=1)
    file.write_text(known.model_dump_json())
    none = AskedLoad(None, None, None)
    told = review_assembly(folder, against=None, prices=file, load=none)
    assert "**730.00 USD** endpoints that idle" in told.markdown
    file.write_text(known.model_copy(update={"region": "us-east-1"}).model_dump_json())
    with pytest.raises(UsageError, match="prices of us-east-1, and the stacks are in eu-west-1"):
        review_assembly(folder, against=None, prices=file, load=none)
