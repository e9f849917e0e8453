"""Settings of a training job that change nothing in the local cloud are said, not dropped."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.localcloud.workers.training.differences import platform_differences


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"EnableManagedSpotTraining": True}, "only the fault spot-interruption"),
        ({"ResourceConfig": {"KeepAlivePeriodInSeconds": 600}}, "no machines are kept"),
    ],
)
def test_what_is_not_carried_out_has_a_line(request_: dict[str, Any], said: str) -> None:
    (line,) = platform_differences(request_)
    assert said in line


def test_a_job_that_asks_for_none_of_it_has_no_line() -> None:
    assert platform_differences({"ResourceConfig": {"InstanceCount": 1}}) == []
