"""Dependencies between resources, and the order in which they are created."""

from __future__ import annotations

import pytest

from penstock.localcloud.cloudformation.errors import TemplateError
from penstock.localcloud.cloudformation.graph import creation_order, references


def always(name: str) -> bool:
    return True


def never(name: str) -> bool:
    return False


def test_references_come_from_every_kind_of_function() -> None:
    value = {
        "a": {"Ref": "A"},
        "b": [{"Fn::GetAtt": ["B", "Arn"]}, {"Fn::GetAtt": "C.Arn"}],
        "d": {"Fn::Join": ["", [{"Ref": "D"}]]},
        "e": {"Fn::Sub": "${E}-${F.Arn}-${!NotThis}-${Own}"},
        "g": {"Fn::Sub": ["${x}", {"x": {"Ref": "G"}}]},
    }
    found = references(value, always)
    assert found == {"A", "B", "C", "D", "E", "F", "G", "Own"}


def test_sub_variables_are_no_references() -> None:
    assert references({"Fn::Sub": ["${x}-${Y}", {"x": "1"}]}, always) == {"Y"}


def test_only_the_chosen_branch_of_an_if_counts() -> None:
    value = {"Fn::If": ["C", {"Ref": "Then"}, {"Ref": "Else"}]}
    assert references(value, always) == {"Then"}
    assert references(value, never) == {"Else"}


def test_each_comes_after_what_it_needs() -> None:
    order = creation_order({"d": {"b", "c"}, "b": {"a"}, "c": {"a"}, "a": set()})
    assert order == ["a", "b", "c", "d"]


def test_without_dependencies_the_templates_order_stays() -> None:
    assert creation_order({"z": set(), "a": set(), "m": set()}) == ["z", "a", "m"]


def test_circle_is_named() -> None:
    with pytest.raises(TemplateError, match=r"Circular dependency.*\[a, b\]"):
        creation_order({"x": {"a"}, "a": {"b"}, "b": {"a"}})
