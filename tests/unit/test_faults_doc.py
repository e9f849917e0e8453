"""docs/faults.md lists the faults that there are."""

from __future__ import annotations

from pathlib import Path

from penstock.localcloud.faults.faults import shown
from penstock.localcloud.faults.registry import ALL

DOC = (Path(__file__).parents[2] / "docs" / "faults.md").read_text()


def table() -> str:
    rows = ["| fault | its value | what goes wrong | what AWS does |", "|---|---|---|---|"]
    for name, fault in ALL.items():
        cells = (
            f"`{name}={shown(fault.value.default)}`",
            fault.value.rule,
            fault.what,
            fault.on_aws,
        )
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def test_the_table_of_faults_is_what_the_code_declares() -> None:
    there = DOC.split("<!-- faults -->\n")[1].split("<!-- /faults -->")[0]
    assert there == table(), f"the table should be:\n{table()}"
