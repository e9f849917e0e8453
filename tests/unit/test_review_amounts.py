"""Instances, quotas, quantities and limits: what the templates alone can say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from penstock.review.as_markdown import as_markdown
from penstock.review.assembly import Assembly, read
from penstock.review.blocks import Section
from penstock.review.cost import quantities_section
from penstock.review.given import Reasons
from penstock.review.instances import instances, machines
from penstock.review.limits import limits, settings
from penstock.review.quantities import quantities, runs_a_month
from penstock.review.quotas import quotas
from penstock.review.values import Values
from tests.assemblies import template, write_assembly


def machine(action: str, **parameters: Any) -> tuple[str, dict[str, Any]]:
    task = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::sagemaker:{action}.sync",
        "Parameters": parameters,
    }
    definition = {"StartAt": "Job", "States": {"Job": task}}
    return ("StepFunctions::StateMachine", {"DefinitionString": json.dumps(definition)})


def variants(*found: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return ("SageMaker::EndpointConfig", {"ProductionVariants": list(found)})


def assembly(folder: Path, **resources: tuple[str, dict[str, Any]]) -> Assembly:
    return read(write_assembly(folder, {"a": template(**resources)}))


def told(section: Section) -> str:
    return as_markdown(section)


def test_machines_are_found_in_endpoints_and_in_jobs(tmp_path: Path) -> None:
    found = assembly(
        tmp_path,
        Config=variants(
            {"VariantName": "main", "InstanceType": "ml.m5.large", "InitialInstanceCount": 3}
        ),
        Fit=machine(
            "createTrainingJob",
            EnableManagedSpotTraining=True,
            ResourceConfig={"InstanceType": "ml.g5.xlarge", "InstanceCount": 2},
            StoppingCondition={"MaxRuntimeInSeconds": 1800},
        ),
        Score=machine(
            "createTransformJob",
            TransformResources={"InstanceType": "ml.c5.large", "InstanceCount.$": "$.n"},
        ),
        Made=machine("createEndpointConfig", ProductionVariants=[{"InstanceType": "ml.m5.xlarge"}]),
    )
    said = {
        (each.name, each.use, each.type, each.count, each.how_long)
        for each in machines(found, Values(found))
    }
    assert said == {
        ("Config (main)", "endpoint", "ml.m5.large", 3, "always"),
        ("Fit (Job)", "spot training", "ml.g5.xlarge", 2, "at most 0.5 h a run"),
        ("Score (Job)", "transform", "ml.c5.large", None, "unknown"),
        ("Made (Job) ()", "endpoint", "ml.m5.xlarge", 1, "always"),
    }


def test_a_type_that_the_catalog_lacks_or_that_is_not_permitted_stands_out(tmp_path: Path) -> None:
    found = assembly(
        tmp_path,
        A=variants({"InstanceType": "ml.nothing.large"}),
        B=machine("createTrainingJob", ResourceConfig={"InstanceType": "ml.inf2.xlarge"}),
    )
    said = told(instances(found, Values(found)))
    assert "ml.nothing.large | 1 | always | ⚠ **not in the catalog**" in said
    assert "⚠ **not permitted for training**" in said


def test_a_type_says_what_is_in_it_where_it_is_permitted_and_whether_it_has_an_end(
    tmp_path: Path,
) -> None:
    found = assembly(
        tmp_path,
        A=variants({"InstanceType": "ml.g5.xlarge"}),
        B=machine("createTrainingJob", ResourceConfig={"InstanceType": "ml.p2.xlarge"}),
        C=variants({"InstanceType": "ml.t2.medium"}),
    )
    gpu, ended, burstable = told(instances(found, Values(found))).splitlines()[6:9]
    assert "4 vCPU, 16 GiB, amd64<br>1 x a10g (gpu), 22.35 GiB each" in gpu
    assert "NVMe: takes no volume key" in gpu
    assert "permitted for training, hosting" in gpu
    assert "⚠ **" in ended
    assert ": ended" in ended
    assert "use " in ended
    assert "burstable" in burstable


def test_a_reason_stands_beside_its_own_use_and_type_alone(tmp_path: Path) -> None:
    found = assembly(
        tmp_path,
        A=variants({"InstanceType": "ml.m5.large"}),
        B=machine("createTrainingJob", ResourceConfig={"InstanceType": "ml.m5.large"}),
        C=variants({"InstanceType": "ml.c5.large"}),
    )
    reasons = Reasons({("endpoint", "ml.m5.large"): "it asks the least"}, "of a day")
    said = told(instances(found, Values(found), reasons))
    assert said.count("it asks the least |") == 1
    assert said.count("<sub>none given</sub> |") == 2
    assert "of a day" in said
    assert "No template says why" in told(instances(found, Values(found)))


def test_quotas_count_endpoints_together_and_the_largest_job(tmp_path: Path) -> None:
    def fit(count: int) -> tuple[str, dict[str, Any]]:
        config = {"InstanceType": "ml.m5.large", "InstanceCount": count}
        return machine("createTrainingJob", ResourceConfig=config)

    found = assembly(
        tmp_path,
        A=variants({"InstanceType": "ml.m5.large", "InitialInstanceCount": 2}),
        B=variants({"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}),
        C=fit(4),
        D=fit(2),
        S=("Kinesis::Stream", {"ShardCount": 5}),
        T=("Kinesis::Stream", {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}),
    )
    said = told(quotas(found, Values(found)))
    assert "| SageMaker | ml.m5.large for endpoint usage | 3 |" in said
    assert "| SageMaker | ml.m5.large for training job usage | 4 |" in said
    assert "| Kinesis | shards of provisioned streams | 5 |" in said


def test_what_is_paid_for_when_nothing_happens_comes_first(tmp_path: Path) -> None:
    found = assembly(
        tmp_path,
        F=("Lambda::Function", {"MemorySize": 512, "Timeout": 10}),
        S=("Kinesis::Stream", {"ShardCount": 2}),
        C=variants({"InstanceType": "ml.m5.large", "InitialInstanceCount": 2}),
        G=("Glue::Job", {"NumberOfWorkers": 3, "WorkerType": "G.2X", "Timeout": 30}),
    )
    amounts = {
        (each.resource, each.unit): (each.amount, each.is_idle)
        for each in quantities(found, Values(found))
    }
    assert amounts["C ()", "instance-hours a month"] == (1460, True)
    assert amounts["S", "shard-hours a month"] == (1460, True)
    assert amounts["S", "PUT units"] == (None, False)
    assert amounts["F", "GB-seconds a call, at most"] == (5, False)
    assert amounts["G", "DPU-hours a run, at most"] == (3, False)
    idle = [each.is_idle for each in quantities(found, Values(found))]
    assert idle == sorted(idle, reverse=True)
    said = told(quantities_section(found, Values(found)))
    assert said.index("instance-hours a month") < said.index("GB-seconds")
    assert "| S | records in | by the load | PUT units |" in said


@pytest.mark.parametrize(
    ("expression", "runs"),
    [
        ("rate(1 day)", 30.42),
        ("rate(12 hours)", 60.83),
        ("cron(20 * * * ? *)", 730),
        ("cron(0 0/6 * * ? *)", 121.67),
        ("cron(0,30 8 * * ? *)", 60.83),
        ("cron(0 8 ? * MON-FRI *)", None),
        ("at(2026-01-01T00:00:00)", None),
    ],
)
def test_schedules_are_counted_or_said_to_be_unknown(expression: str, runs: float | None) -> None:
    counted = runs_a_month(expression)
    assert (None if counted is None else round(counted, 2)) == runs


def test_settings_are_held_against_their_bounds(tmp_path: Path) -> None:
    converting = {
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 900},
        "DataFormatConversionConfiguration": {"Enabled": True},
    }
    found = assembly(
        tmp_path,
        D=("KinesisFirehose::DeliveryStream", {"ExtendedS3DestinationConfiguration": converting}),
        F=("Lambda::Function", {"Timeout": 60}),
    )
    values = Values(found)
    said = told(limits(found, values))
    assert "3 settings with known bounds: 1 outside of them, 1 at the upper edge." in said
    assert "| D | buffer | ⚠ **5: refused** | 64 to 128 MB | Firehose developer guide" in said
    assert [each.value for each in settings(found, values) if each.is_at_edge] == [900]


def test_an_assembly_without_any_of_it_says_so(tmp_path: Path) -> None:
    found = assembly(tmp_path, T=("SNS::TopicPolicy", {}))
    values = Values(found)
    assert "ask for no instance" in told(instances(found, values))
    assert "Nothing in the templates has an amount." in told(quantities_section(found, values))
    assert "no settings with known bounds" in told(limits(found, values))
