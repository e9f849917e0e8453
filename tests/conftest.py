"""What holds for all tests."""

import pytest
from hypothesis import settings

# A busy machine is no failure: speed is measured in benchmarks/. And what a run finds, every run of
# the same code finds; to look where nobody has looked yet: pytest --hypothesis-profile=search
settings.register_profile("patient", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None)
settings.load_profile("patient")

pytest.register_assert_rewrite("tests.iam.least_privilege")
