"""The option --fault of `penstock run`: the list of faults, and the check of those chosen."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.table import Table

from penstock.cli.errors import UsageError


def list_faults(chosen: list[str] | None) -> list[str] | None:
    """Print all faults and end the command if `list` is among the names."""
    if chosen and "list" in chosen:
        from penstock.localcloud.faults.faults import shown
        from penstock.localcloud.faults.registry import ALL

        table = Table(box=None, pad_edge=False)
        for heading in ("fault and default", "value", "what goes wrong"):
            table.add_column(heading, no_wrap=heading.startswith("fault"), overflow="fold")
        for name, fault in ALL.items():
            table.add_row(f"{name}={shown(fault.value.default)}", fault.value.rule, fault.what)
        Console().print(table, highlight=False, markup=False)
        raise typer.Exit
    return chosen


def checked(chosen: list[str], *, on: str) -> list[str]:
    """The faults as they were given; UsageError if one is none, or cannot happen there."""
    from penstock.cli.killed import check
    from penstock.localcloud.errors import LocalCloudError
    from penstock.localcloud.faults.faults import Faults

    if chosen and on != "local":
        raise UsageError("--fault: faults can be had on this machine alone: leave out --on")
    try:
        Faults.chosen(chosen)
        check(chosen)
    except LocalCloudError as error:
        raise UsageError(f"--fault: {error}; `penstock run --fault list` explains them") from None
    return chosen
