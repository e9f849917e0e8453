"""Faults happen as often as they were asked for, and say what came of them."""

from __future__ import annotations

import pytest

from penstock.localcloud.errors import LocalCloudError
from penstock.localcloud.faults.faults import Faults, shown
from penstock.localcloud.faults.registry import ALL
from penstock.localcloud.faults.values import Once, Share, Times

NAME = "kinesis-throttling"


def occasions(kind: Times | Share | Once, value: float, count: int) -> str:
    return "".join(".X"[kind.is_due(value, n)] for n in range(1, count + 1))


def test_a_count_is_used_up() -> None:
    assert occasions(Times(1), 3, 6) == "XXX..."


def test_a_share_is_spread_evenly_and_begins_at_once() -> None:
    assert occasions(Share(0.5), 0.25, 9) == "X...X...X"
    assert occasions(Share(0.5), 1, 3) == "XXX"
    assert occasions(Share(0.5), 0.3, 1000).count("X") == 300


def test_a_parameter_counts_once() -> None:
    assert occasions(Once(1, "seconds", 0, 9), 5, 3) == "X.."


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ("rain", "unknown fault rain: choose one of kinesis-throttling"),
        (f"{NAME}=0", "'0' is not a share: above 0, at most 1"),
        (f"{NAME}=often", "'often' is not a share"),
        (f"{NAME}=nan", "'nan' is not a share"),
        (f"{NAME}=", "'' is not a share"),
    ],
)
def test_what_is_no_fault_is_refused_with_its_rule(wish: str, why: str) -> None:
    with pytest.raises(LocalCloudError, match=why):
        Faults.chosen([wish])


def test_one_fault_is_given_once() -> None:
    with pytest.raises(LocalCloudError, match="given twice"):
        Faults.chosen([NAME, f"{NAME}=0.5"])


def test_without_a_choice_nothing_is_due() -> None:
    assert Faults().due(NAME) is None
    assert Faults().entries() == []
    with pytest.raises(KeyError):
        Faults().due("rain")


def test_a_line_tells_what_happened_what_followed_and_what_aws_does() -> None:
    faults = Faults.chosen([f"{NAME}=0.5"])
    assert [faults.due(NAME) for _ in range(3)] == [0.5, None, 0.5]
    faults.happened(NAME, "refused", 2)
    faults.followed(NAME, "sent again")
    (entry,) = faults.entries()
    told = f"{NAME}=0.5: refused (2 times); then sent again (1 time). On AWS: {ALL[NAME].on_aws}"
    assert entry == {"name": NAME, "value": 0.5, "happened": 2, "line": told}


def test_what_became_of_the_things_that_were_hit_is_counted() -> None:
    faults = Faults.chosen([NAME])
    faults.happened(NAME, "refused", 3, to=["a", "b", "c"])
    faults.came_of(["a", "c", "unhurt"], "sent again")
    faults.came_of(["a"], "sent again")
    (entry,) = faults.entries()
    assert "then sent again (2 times)." in entry["line"]


def test_a_fault_that_never_came_says_so() -> None:
    (entry,) = Faults.chosen([NAME]).entries()
    assert entry["happened"] == 0
    assert "it did not happen" in entry["line"]


def test_every_fault_says_what_it_is() -> None:
    for name, fault in ALL.items():
        assert name == fault.name
        assert fault.value.parse(shown(fault.value.default)) == fault.value.default
        assert fault.what
        assert fault.on_aws
