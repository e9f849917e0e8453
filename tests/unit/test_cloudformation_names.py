"""Generated physical names."""

from __future__ import annotations

import re

from penstock.localcloud.cloudformation.names import NameRule, generated_name

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/digits-dev-lake/1234"


def name(
    rule: NameRule, *, logical_id: str = "Lake", generation: int = 0, stack: str = "digits-dev-lake"
) -> str:
    return generated_name(
        rule, stack_name=stack, stack_id=STACK_ID, logical_id=logical_id, generation=generation
    )


def test_name_shows_stack_and_logical_id() -> None:
    assert re.fullmatch(r"digits-dev-lake-Lake-[A-Z0-9]{12}", name(NameRule(max_length=64)))


def test_name_is_the_same_each_time_and_another_after_a_replacement() -> None:
    rule = NameRule(max_length=64)
    assert name(rule) == name(rule)
    assert name(rule) != name(rule, generation=1)
    assert name(rule) != name(rule, logical_id="Pond")


def test_buckets_are_lower_case() -> None:
    bucket = name(NameRule(max_length=63, forbidden=r"[^A-Za-z0-9-]", lower=True))
    assert re.fullmatch(r"[a-z0-9-]{3,63}", bucket)


def test_long_names_are_cut_to_the_limit_and_stay_distinct() -> None:
    rule = NameRule(max_length=40)
    names = {
        name(rule, logical_id="A" * 80 + end, stack="a-very-long-stack-name-indeed")
        for end in ("x", "y")
    }
    assert len(names) == 2
    assert all(len(one) <= 40 and one.startswith("a-very") for one in names)


def test_forbidden_characters_are_left_out() -> None:
    assert "_" not in name(
        NameRule(max_length=63, forbidden=r"[^A-Za-z0-9-]"), logical_id="My_Model"
    )
