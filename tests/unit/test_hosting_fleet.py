"""The end of a fleet: requests on their way are answered first."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.workers.hosting.fleet import Fleet, Variant


class Container:
    """Says when it is ended."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def stop(self, *_: float) -> None:
        self.ended.set()


@pytest.fixture
def container() -> Container:
    return Container()


@pytest.fixture
def fleet(container: Container) -> Fleet:
    context = SimpleNamespace(faults=Faults.chosen([]))
    fleet = Fleet(cast(Any, context), "live", "config", 1, cast(Any, None))
    fleet.variants.append(Variant("main", 1.0, "group", "stream", [cast(Any, container)]))
    return fleet


def test_a_request_that_has_come_is_answered_before_the_containers_end(
    fleet: Fleet, container: Container
) -> None:
    for _ in range(2):
        fleet.begin_request()
    ending = threading.Thread(target=fleet.stop, daemon=True)
    ending.start()
    fleet.end_request()
    assert not container.ended.wait(0.05)
    fleet.end_request()
    assert container.ended.wait(60)
    ending.join(5)


def test_the_end_of_the_cloud_waits_for_nobody(fleet: Fleet, container: Container) -> None:
    fleet.begin_request()
    fleet.stop(1.0)
    assert container.ended.is_set()
