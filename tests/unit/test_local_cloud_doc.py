"""docs/local-cloud.md says of types and hyperparameters what the code declares."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from penstock.localcloud.cloudformation.registry import ALL
from penstock.localcloud.cloudformation.resource import Handler
from penstock.localcloud.engines.linear_learner import honesty
from penstock.localcloud.engines.linear_learner.hyperparameters import RULES
from penstock.localcloud.engines.registry import find_engine
from penstock.localcloud.runtimes import glue_runtime, lambda_python

DOC = (Path(__file__).parents[2] / "docs" / "local-cloud.md").read_text()


def part(name: str) -> str:
    return DOC.split(f"<!-- {name} -->\n")[1].split(f"<!-- /{name} -->")[0]


def code(heading: str) -> str:
    section = DOC.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    (block,) = re.findall(r"```python\n(.*?)```", section, re.S)
    return str(block)


def test_the_table_of_types_is_what_the_handlers_declare() -> None:
    rows = ["| type | here | by | accepted without effect |", "|---|---|---|---|"]
    for handler in sorted(ALL, key=lambda handler: handler.type):
        less = "" if handler.life_of is Handler.life_of else " (or less)"
        cells = [
            f"`{handler.type}`",
            f"{handler.life.value}{less}",
            handler.by,
            ", ".join(sorted({*handler.unsupported, *handler.kept_only})),
        ]
        rows.append("|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|")
    expected = "\n".join(rows) + "\n"
    assert part("types") == expected, f"the table should be:\n{expected}"


def test_the_list_of_hyperparameters_without_effect_is_complete() -> None:
    named = {name for name in re.findall(r"`(\w+)`", part("hyperparameters")) if name in RULES}
    assert named == set(RULES) - honesty._HONOURED


def test_what_runs_and_what_is_refused_is_named_as_in_the_code() -> None:
    assert "python3.12 to python3.14" in DOC
    for runtime in ("python3.12", "python3.13", "python3.14"):
        assert lambda_python(runtime).exists()
    assert "versions other than 5.1" in DOC
    assert glue_runtime("5.1").python.exists()


def test_the_engine_of_the_example_is_found_by_its_images() -> None:
    names: dict[str, Any] = {}
    exec(code("Adding an engine for another image"), names)  # the page's own words
    for image in ("1.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1", "x.y/xgboost:1"):
        assert find_engine(image, (names["XGBOOST"],)) is names["XGBOOST"]
