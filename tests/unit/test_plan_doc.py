"""docs/plan.md says what the command has: its options, its figures, a price file that is one."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from penstock.cli.plan import plan
from penstock.planner.prices import Prices
from tests.unit.planned import SCORED, plan_of

TEXT = Path(__file__).parents[2].joinpath("docs/plan.md").read_text()


def test_the_price_file_of_the_page_is_one() -> None:
    (block,) = re.findall(r"\n( {4}\{\n.*?\n {4}\})\n", TEXT, re.DOTALL)
    assert Prices.model_validate_json(block).amount("s3.gb_months", 51_201) == 51_200 * 3 + 2


def test_every_option_is_on_the_page() -> None:
    names = set(inspect.signature(plan).parameters) - {"pipeline", "json_file"}
    options = {"--" + name.replace("_", "-") for name in names}
    assert options <= set(re.findall(r"`(--[a-z-]+)`", TEXT))
    assert "`--json FILE`" in TEXT


def test_the_figures_of_the_page_are_figures() -> None:
    known = {figure.name for _, figures in plan_of(SCORED).sections() for figure in figures}
    known |= {"stream.throttled_share", "stream.behind_share", "stream.shards_for_keys"}
    named = set(
        re.findall(r"`((?:stream|delivery|prepare|training|endpoint|transform)\.[a-z_]+)`", TEXT)
    )
    assert len(named) > 8
    assert named <= known
