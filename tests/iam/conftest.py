"""Each pipeline runs once for all tests; what was counted is printed at the end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.iam.not_exercised import ROWS
from tests.iam.runs import RUNS, Run, run

_COUNTED = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> list[Run]:
    """Every pipeline's run, side by side in processes of their own."""
    folder = tmp_path_factory.mktemp("recorded")
    with ThreadPoolExecutor(max_workers=2) as both:
        done = list(both.map(lambda name: run(name, folder / name), RUNS))
    pytestconfig.stash[_COUNTED] = [_counts(one) for one in done]
    return done


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The counts that the tests below judged."""
    for line in config.stash.get(_COUNTED, []):
        terminalreporter.write_line(line)


def _counts(one: Run) -> str:
    statements = {(piece.document, piece.index) for piece in one.pieces}
    used = {(piece.document, piece.index) for piece in one.used}
    tabled = one.tabled(ROWS) - one.used
    return (
        f"{one.name}: {len(one.replay.recorded)} different decisions recorded; "
        f"{len(statements)} Allow statements: {len(used)} used, {len(statements - used)} tabled, "
        f"{len(statements)} removed one at a time; "
        f"{len(one.pieces)} actions in them: {len(one.used)} used, {len(tabled)} tabled"
    )
