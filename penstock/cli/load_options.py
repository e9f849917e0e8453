"""Options that several commands share: a load, prices, what a pipeline runs on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RecordsPerSecond = Annotated[
    float | None,
    typer.Option(help="written to the stream; by default what the described stream bears"),
]
RecordKb = Annotated[
    float | None,
    typer.Option(help="mean record with its key, KB of 1,000 bytes; by default the largest"),
]
Consumers = Annotated[
    int | None,
    typer.Option(help="readers of the whole stream; by default those of the description"),
]
PriceFile = Annotated[Path | None, typer.Option(help="price file; see `penstock prices update`")]
Accelerator = Annotated[
    str | None,
    typer.Option(
        help="what it trains and answers on, where the pipeline offers a choice; `penstock list` "
        "shows them"
    ),
]
