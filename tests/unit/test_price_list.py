"""Prices out of answers in the Price List's documented shape; the real one was never asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from penstock.catalog.facts import UnknownFactError
from penstock.catalog.price_list import price_list_entry
from penstock.planner.price_list import Fetched, PriceList
from penstock.planner.prices import Tier

Steps = Sequence[tuple[str, str]]


def product(usage_type: str, *tiers: tuple[str, str, str], operation: str = "") -> str:
    """One product: its usage type, and tiers of beginRange, endRange and price."""
    sku = f"SKU{abs(hash((usage_type, tiers, operation)))}"
    return json.dumps(
        {
            "product": {
                "productFamily": "Kinesis Streams",
                "attributes": {
                    "regionCode": "eu-west-1",
                    "usagetype": usage_type,
                    "operation": operation,
                },
                "sku": sku,
            },
            "serviceCode": "AmazonKinesis",
            "terms": {
                "OnDemand": {
                    f"{sku}.JRTCKXETXF": {
                        "priceDimensions": {
                            f"{sku}.JRTCKXETXF.{number}": {
                                "unit": "hours",
                                "beginRange": begin,
                                "endRange": end,
                                "description": "a price",
                                "appliesTo": [],
                                "pricePerUnit": {"USD": price},
                            }
                            for number, (begin, end, price) in enumerate(tiers)
                        },
                        "sku": sku,
                        "effectiveDate": "2026-11-01T00:00:00Z",
                        "offerTermCode": "JRTCKXETXF",
                        "termAttributes": {},
                    }
                }
            },
            "version": "20261101000000",
            "publicationDate": "2026-11-01T00:00:00Z",
        }
    )


def fetch(name: str, *pages: Sequence[str]) -> Fetched:
    client = boto3.client(
        "pricing", region_name="us-east-1", aws_access_key_id="t", aws_secret_access_key="t"
    )
    wanted = price_list_entry(name)
    with Stubber(client) as stub:
        for number, page in enumerate(pages):
            asked: dict[str, Any] = {
                "ServiceCode": wanted.service_code,
                "Filters": [
                    {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "eu-west-1"},
                    {"Type": "CONTAINS", "Field": "usagetype", "Value": wanted.usage_type},
                ],
                "FormatVersion": "aws_v1",
            }
            if number:
                asked["NextToken"] = str(number)
            answer: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": list(page)}
            if number + 1 < len(pages):
                answer["NextToken"] = str(number + 1)
            stub.add_response("get_products", answer, asked)
        found = PriceList(client, "eu-west-1").fetch([name], date="2026-11-22")
        stub.assert_no_pending_responses()
    return found


def test_a_flat_price_is_a_number_and_other_usage_types_are_not_it() -> None:
    found = fetch(
        "kinesis.shard_hours",
        [product("EUW1-Storage-ShardHour", ("0", "Inf", "0.017"))],
        [product("EUW1-Storage-ShardHour-Extended", ("0", "Inf", "0.023"))],
    )
    assert found.prices.prices == {"kinesis.shard_hours": 0.017}
    assert (found.prices.region, found.prices.currency) == ("eu-west-1", "USD")
    assert found.missing == {}


def test_tiers_are_kept_in_order() -> None:
    found = fetch(
        "s3.gb_months",
        [
            product(
                "EU-TimedStorage-ByteHrs",
                ("512000", "Inf", "0.021"),
                ("0", "51200", "0.023"),
                ("51200", "512000", "0.022"),
            )
        ],
    )
    assert found.prices.prices["s3.gb_months"] == [
        Tier(above=0, price=0.023),
        Tier(above=51200, price=0.022),
        Tier(above=512000, price=0.021),
    ]


def test_two_products_of_one_price_are_one_and_of_two_are_none() -> None:
    same = [
        product("EUW1-BilledBytes", ("0", "Inf", "0.031"), operation=operation)
        for operation in ("PutRecord", "PutRecordBatch")
    ]
    assert fetch("firehose.direct_put_gb", same).prices.prices == {"firehose.direct_put_gb": 0.031}
    other = [*same, product("EUW1-BilledBytes", ("0", "Inf", "0.9"), operation="Other")]
    found = fetch("firehose.direct_put_gb", other)
    assert found.prices.prices == {}
    assert found.missing["firehose.direct_put_gb"] == "2 different prices of BilledBytes"


def test_the_operation_tells_job_runs_from_others() -> None:
    found = fetch(
        "glue.dpu_hours",
        [
            product("EU-ETL-DPU-Hour", ("0", "Inf", "0.44"), operation="Jobrun"),
            product("EU-ETL-DPU-Hour", ("0", "Inf", "0.29"), operation="FlexJobrun"),
        ],
    )
    assert found.prices.prices == {"glue.dpu_hours": 0.44}


@pytest.mark.parametrize(
    "usage_type", ["IA-WriteRequestUnits", "EUW1-IA-WriteRequestUnits", "ReplWriteRequestUnits"]
)
def test_another_class_is_not_taken_for_a_regions_prefix(usage_type: str) -> None:
    found = fetch("dynamodb.write_units", [product(usage_type, ("0", "Inf", "1"))])
    assert "no product WriteRequestUnits" in found.missing["dynamodb.write_units"]


@pytest.mark.parametrize("prefix", ["", "USE1-", "EU-", "APN1-", "us-east-1-", "us-gov-west-1-"])
def test_a_regions_prefix_is_known(prefix: str) -> None:
    found = fetch("kms.keys", [product(f"{prefix}KMS-Keys", ("0", "Inf", "1.0"))])
    assert found.prices.prices == {"kms.keys": 1.0}


def test_an_instance_types_price_is_found_by_its_use() -> None:
    assert price_list_entry("sagemaker.hosting.ml.m5.large").usage_type == "Host:ml.m5.large"
    assert price_list_entry("sagemaker.training.ml.g5.2xlarge").usage_type == "Train:ml.g5.2xlarge"
    found = fetch(
        "sagemaker.hosting.ml.m5.large",
        [
            product("EUW1-Host:ml.m5.large", ("0", "Inf", "0.128")),
            product("EUW1-AsyncHost:ml.m5.large", ("0", "Inf", "9")),
        ],
    )
    assert found.prices.prices == {"sagemaker.hosting.ml.m5.large": 0.128}


def test_a_name_without_a_place_in_the_price_list_is_said_so() -> None:
    with pytest.raises(UnknownFactError):
        price_list_entry("glue.memory_dpu_hours")
    with pytest.raises(UnknownFactError):
        price_list_entry("kinesis.shard_hours.ml.m5.large")
