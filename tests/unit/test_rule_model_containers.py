"""ModelContainers: the sixteenth container is one too many, wherever the model is asked for."""

from __future__ import annotations

from typing import Any

from penstock.rules.model_containers import RULE
from tests.unit.ruled import call, found, machine, resource


def containers(count: int) -> list[dict[str, Any]]:
    return [{"Image": f"image-{number}"} for number in range(count)]


def test_fifteen_containers_or_a_primary_one_pass() -> None:
    assert not found(RULE, {"Model": resource("SageMaker::Model", Containers=containers(15))})
    assert not found(RULE, {"Model": resource("SageMaker::Model", PrimaryContainer={})})
    chosen = machine(Create=call("createModel", **{"Containers.$": "$.containers"}))
    assert not found(RULE, {"Machine": chosen})


def test_sixteen_are_found_in_a_resource_and_in_a_state() -> None:
    stack = {
        "Model": resource("SageMaker::Model", Containers=containers(16)),
        "Machine": machine(Create=call("createModel", Containers=containers(16))),
    }
    breaches = found(RULE, stack)
    assert list(breaches.values()) == ["16 containers"] * 2
    assert [name.split()[0] for name in breaches] == [
        "ModelContainers",
        "ModelContainers[Create]",
    ]


def test_a_list_without_any_is_found() -> None:
    assert found(RULE, {"Model": resource("SageMaker::Model", Containers=[])})


def test_the_line_says_the_rule_and_its_source() -> None:
    assert RULE.reason == "a model has 1 to 15 containers"
    assert "ContainerDefinitionList" in RULE.source
