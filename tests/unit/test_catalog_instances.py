"""Instance types, their prices, what is retired: the catalog against the API's enumerations."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, get_args

import botocore
import pytest
from botocore.loaders import Loader

from penstock.catalog import ec2_prices, instances, retired

ENUMERATIONS: dict[instances.Use, str] = {
    "training": "TrainingInstanceType",
    "hosting": "ProductionVariantInstanceType",
    "processing": "ProcessingInstanceType",
    "transform": "TransformInstanceType",
}


@cache
def shapes() -> dict[str, Any]:
    model: dict[str, Any] = Loader().load_service_model("sagemaker", "service-2")
    return dict(model["shapes"])


def permitted(use: instances.Use) -> set[str]:
    return {name for name in instances.all_names() if instances.instance_type(name).permits(use)}


@pytest.mark.parametrize("use", get_args(instances.Use))
def test_the_types_for_a_use_are_those_of_the_api(use: instances.Use) -> None:
    of_the_api = set(shapes()[ENUMERATIONS[use]]["enum"])
    new, gone = sorted(of_the_api - permitted(use)), sorted(permitted(use) - of_the_api)
    assert (new, gone) == ([], []), (
        f"botocore {botocore.__version__}, {ENUMERATIONS[use]}: new there: {new}; gone: {gone}"
    )


def test_the_enumerations_were_read_in_the_version_that_is_installed() -> None:
    assert f"botocore {botocore.__version__} " in instances.source()


def test_every_type_says_where_its_facts_are_from_and_has_a_use() -> None:
    names = instances.all_names()
    assert len(names) == 356
    for name in names:
        machine = instances.instance_type(name)
        assert machine.name == f"ml.{machine.family}.{machine.size}"
        assert machine.citation
        assert machine.date == "2026-11-22"
        assert any(machine.permits(use) for use in get_args(instances.Use))


def test_a_machine_with_gpus() -> None:
    machine = instances.instance_type("ml.g5.12xlarge")
    assert (machine.vcpus, machine.memory_gib, machine.network_gbps) == (48, 192, 40)
    assert (machine.efa, machine.nvme_gb, machine.architecture) == (True, 3800, "amd64")
    assert machine.accelerator == instances.Accelerator(
        kind="gpu", name="a10g", count=4, memory_gib=22.35
    )
    assert machine.accelerator.total_memory_gib == pytest.approx(89.4)
    assert not machine.takes_volume_key
    assert not machine.takes_volume_size


@pytest.mark.parametrize(
    ("name", "kind", "count", "memory_gib"),
    [
        ("ml.trn1.32xlarge", "trainium", 16, 32),
        ("ml.trn2.48xlarge", "trainium", 16, 96),
        ("ml.inf2.xlarge", "inferentia", 1, 32),
        ("ml.p5.4xlarge", "gpu", 1, 80),
        ("ml.p6-b300.48xlarge", "gpu", 8, 268.59),
    ],
)
def test_accelerators(name: str, kind: str, count: int, memory_gib: float) -> None:
    accelerator = instances.instance_type(name).accelerator
    assert accelerator is not None
    assert (accelerator.kind, accelerator.count, accelerator.memory_gib) == (
        kind,
        count,
        memory_gib,
    )


def test_what_no_source_says_is_none() -> None:
    rack = instances.instance_type("ml.p6e-gb200.36xlarge")
    assert (rack.vcpus, rack.memory_gib, rack.network_gbps, rack.efa) == (None, None, None, None)
    assert rack.accelerator is not None
    assert rack.accelerator.total_memory_gib is None
    assert any("no source" in open_point for open_point in rack.unconfirmed)
    assert instances.instance_type("ml.t2.medium").network_gbps is None


def test_graviton_is_arm_without_an_accelerator_and_never_trains() -> None:
    gravitons = {name for name in instances.all_names() if instances.instance_type(name).graviton}
    assert "ml.c7g.large" in gravitons
    assert "ml.p6e-gb200.36xlarge" not in gravitons
    for use in ("training", "processing", "transform"):
        assert not gravitons & set(instances.names(use))


def test_local_storage_is_where_the_specifications_have_it() -> None:
    for name in instances.all_names():
        machine = instances.instance_type(name)
        if machine.nvme_gb is not None:
            assert (machine.nvme_gb > 0) == (machine.storage == "nvme"), name
    assert instances.instance_type("ml.m5d.large").storage == "nvme"
    assert instances.instance_type("ml.inf2.xlarge").takes_volume_key
    assert not instances.instance_type("ml.trn1.2xlarge").takes_volume_size


def test_burstable_and_flexible_cpus_are_told_apart() -> None:
    pace = {name: instances.instance_type(name).cpu_pace for name in instances.all_names()}
    assert pace["ml.t3.medium"] == "burstable"
    assert pace["ml.m7i-flex.large"] == "flex"
    assert pace["ml.m5.large"] == "steady"


def test_prices_are_those_of_ec2_and_dated_and_may_be_unknown() -> None:
    prices = ec2_prices.prices()
    assert (prices.region, prices.date) == ("us-east-1", "2026-07-20")
    assert any("SageMaker's own price" in open_point for open_point in prices.unconfirmed)
    assert prices.usd_per_hour["ml.g5.xlarge"] == 1.006
    assert set(instances.all_names()) - set(prices.usd_per_hour) == {
        "ml.p5e.48xlarge",
        "ml.p6e-gb200.36xlarge",
        "ml.trn2.48xlarge",
    }


def test_every_retirement_has_a_source_and_a_date_that_is_one() -> None:
    for name in retired.names():
        found = retired.retired(name)
        assert found.citation
        assert found.effective is None or re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", found.effective)
        assert found.in_words.startswith(found.name)


def test_retired_services_are_found_by_what_is_built_with_them() -> None:
    sql = retired.of_cloudformation("AWS::KinesisAnalytics::Application")
    assert sql is not None
    assert (sql.status, sql.effective) == ("ended", "2026-01-27")
    assert sql.in_words == "Kinesis Data Analytics for SQL: ended as of 2026-01-27"
    assert sql.remedy == "use Managed Service for Apache Flink, Flink Studio"
    closed = retired.of_cloudformation("AWS::SageMaker::MonitoringSchedule")
    assert closed is not None
    assert closed.in_words.endswith("closed to new customers as of 2026-07-30")
    assert retired.of_cloudformation("AWS::SageMaker::Endpoint") is None
    assert retired.retired("lookout-vision").remedy == "AWS names no successor"


def test_retired_instances_are_found_by_their_type() -> None:
    elastic = retired.of_instance_type("ml.eia2.medium")
    assert elastic is not None
    assert elastic.effective == "2023-04-15"
    for name, status in (("ml.p2.xlarge", "ended"), ("ml.inf1.xlarge", "legacy")):
        found = instances.instance_type(name).retirement
        assert found is not None
        assert found.status == status
    assert retired.of_instance_type("ml.m5.large") is None
    assert "ml.p2.xlarge" not in instances.names("training")
    assert "ml.inf1.xlarge" in instances.names("hosting")


def test_the_resource_types_of_retired_services_are_cloudformations() -> None:
    named = [type_ for name in retired.names() for type_ in retired.retired(name).cloudformation]
    assert len(named) == len(set(named))
    assert all(re.fullmatch(r"AWS::[A-Za-z0-9]+::[A-Za-z0-9]+", type_) for type_ in named)
