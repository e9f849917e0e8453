"""What a template asks against what a service says: equal, different or not given back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.localcloud.ledger import Ledger, Life
from penstock.localcloud.roundtrip.comparison import NOTHING, Verdict, compare
from penstock.localcloud.roundtrip.record import write_down
from penstock.localcloud.roundtrip.stacks import ResourceResult


def verdicts(asked: Any, there: Any, **not_given_back: str) -> dict[str, Verdict]:
    return {found.path: found.verdict for found in compare(asked, there, not_given_back)}


class TestEqual:
    @pytest.mark.parametrize(
        ("asked", "there"),
        [
            ("30", 30),
            (True, "true"),
            (1.0, 1),
            ("word", "word"),
            (["a", "b"], ["a", "b"]),
            ('{"a": 1}', '{ "a": "1" }'),
            ({"Version": "1", "Statement": []}, '{"Statement": [], "Version": "1"}'),
            ("2030-01-01T00:00:00Z", datetime(2030, 1, 1, tzinfo=UTC)),
            (1700000000, datetime.fromtimestamp(1700000000, UTC)),
            ({}, {}),
        ],
    )
    def test_one_value_written_two_ways(self, asked: Any, there: Any) -> None:
        assert verdicts({"P": asked}, {"P": there}) == {"P": Verdict.EQUAL}

    def test_names_may_begin_in_another_case(self) -> None:
        assert verdicts({"Level": {"Of": "x"}}, {"level": {"of": "x"}}) == {
            "Level.Of": Verdict.EQUAL
        }

    def test_what_only_the_service_has_is_not_looked_at(self) -> None:
        assert verdicts({"A": {"B": 1}}, {"A": {"B": 1, "C": 2}, "D": 3}) == {"A.B": Verdict.EQUAL}

    def test_named_things_whatever_their_order(self) -> None:
        tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
        found = verdicts({"Tags": tags}, {"Tags": tags[::-1]})
        assert found == {"Tags[].Key": Verdict.EQUAL, "Tags[].Value": Verdict.EQUAL}


class TestDifferent:
    @pytest.mark.parametrize(
        ("asked", "there"),
        [(30, 31), ("a", "A"), (["a", "b"], ["b", "a"]), ("x", None), (True, "yes"), ([1], [])],
    )
    def test_another_value(self, asked: Any, there: Any) -> None:
        assert verdicts({"P": asked}, {"P": there}) == {"P": Verdict.DIFFERENT}

    def test_nothing_there_is_said_for_each_property(self) -> None:
        found = compare({"A": {"B": 1, "C": 2}}, {}, {})
        assert [(each.path, each.there) for each in found] == [("A.B", NOTHING), ("A.C", NOTHING)]

    def test_a_document_is_compared_as_a_whole(self) -> None:
        asked = {"Statement": [{"Effect": "Allow"}]}
        assert verdicts({"P": asked}, {"P": {"Statement": []}}) == {"P": Verdict.DIFFERENT}

    def test_an_item_too_many(self) -> None:
        rules = [{"Id": "a"}, {"Id": "b"}]
        (one, more) = compare({"R": rules[:1]}, {"R": rules}, {})
        assert (one.verdict, more.path, more.verdict) == (
            Verdict.EQUAL,
            "R[]",
            Verdict.DIFFERENT,
        )


def test_what_no_api_shows_is_said_with_its_reason() -> None:
    found = compare({"Code": {"S3Key": "k"}}, {}, {"Code": "the zip is copied"})
    assert [(each.verdict, each.said) for each in found] == [
        (Verdict.NOT_GIVEN_BACK, "the zip is copied")
    ]


def test_the_ledger_counts_and_lists_what_differs_until_the_resource_is_gone() -> None:
    ledger = Ledger()
    ledger.record("s/Q", "AWS::SQS::Queue", Life.LIVE)
    found = compare({"A": 1, "B": 2}, {"A": 1}, {})
    write_down([ResourceResult("s/Q", "AWS::SQS::Queue", tuple(found))], ledger)
    properties = ledger.report()["properties"]
    assert (properties["equal"], properties["not_given_back"]) == (1, 0)
    (different,) = properties["different"]
    assert (different["resource"], different["property"]) == ("s/Q", "B")
    assert (different["asked"], different["there"]) == ("2", "nothing")
    ledger.forget("s/Q")
    assert ledger.report()["properties"] == {"equal": 0, "not_given_back": 0, "different": []}
