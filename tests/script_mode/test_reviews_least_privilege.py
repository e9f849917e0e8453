"""The policies of reviews, by its runs: each Allow statement is used, or needed on AWS."""

from __future__ import annotations

import pytest

from tests.iam.least_privilege import LeastPrivilege
from tests.iam.runs import Run, load
from tests.runs.conftest import Done

pytestmark = [pytest.mark.offline, pytest.mark.runtime, pytest.mark.xdist_group("reviews-runs")]


@pytest.fixture(scope="module")
def runs(reviews_runs: dict[str, Done]) -> list[Run]:
    return [load(name, done.latest) for name, done in reviews_runs.items()]


class TestReviews(LeastPrivilege):
    """On each accelerator."""
