"""`penstock prices`: a price file for `penstock plan --prices`, fetched from AWS's Price List."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from penstock.cli.errors import UsageError, one_line
from penstock.cli.known import known_pipelines, offered_by

if TYPE_CHECKING:
    from pipelines.spec import Pipeline

_PRICING_REGION = "us-east-1"  # the Price List answers in few Regions, for all of them

app = typer.Typer(help="Prices for `penstock plan`.", no_args_is_help=True)


@app.callback()
def prices() -> None:
    """Keep `update` a command of its own."""


@app.command()
def update(
    out: Annotated[Path, typer.Option(help="the file to write")] = Path("prices.json"),
    environment: Annotated[str, typer.Option(help="of cdk.json's environments")] = "dev",
) -> None:
    """Write what the project's pipelines are billed by, with the prices of their Region.

    It reads AWS's Price List with your credentials (pricing:GetProducts).
    """
    with one_line():
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        from penstock.cli.plan_load import environment_of, load_of
        from penstock.planner.plan import Plan
        from penstock.planner.price_list import PriceList
        from penstock.planner.quantities import alternatives, quantities

        if not out.absolute().parent.is_dir():
            raise UsageError(f"--out {out}: there is no folder {out.parent}")
        region = environment_of(environment).region
        names: set[str] = set()
        for pipeline in _every_pipeline():
            load = load_of(pipeline, records_per_second=None, record_kb=None, consumers=None)
            planned = Plan(pipeline, load.load, region)
            names |= {found.price for found in quantities(planned)}
            names |= {one.price for other in alternatives(planned) for one in other.quantities}
        try:
            client = boto3.client("pricing", region_name=_PRICING_REGION)
            fetched = PriceList(client, region).fetch(
                names, date=datetime.now(tz=UTC).date().isoformat()
            )
        except (BotoCoreError, ClientError) as error:
            raise UsageError(f"AWS's Price List: {error}") from error
        if not fetched.prices.prices:
            raise UsageError(
                f"AWS's Price List has none of these in {region}: {', '.join(fetched.missing)}"
            )
        try:
            out.write_text(fetched.prices.model_dump_json(indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--out {out}: {error.strerror}") from error
        for name, reason in fetched.missing.items():
            typer.echo(f"no price of {name}: {reason}")
        typer.echo(f"{len(fetched.prices.prices)} prices of {region}: {out}")


def _every_pipeline() -> Iterator[Pipeline]:
    """All of the project, on each accelerator that they offer."""
    for name, pipeline in known_pipelines().items():
        yield from offered_by(name).values() or (pipeline,)
