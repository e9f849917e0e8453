"""`penstock plan`: what a load needs of each service, what decided it, which limits it meets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock.cli.errors import UsageError, one_line
from penstock.cli.known import known_pipeline, offered_by
from penstock.cli.load_options import (
    Accelerator,
    Consumers,
    PriceFile,
    RecordKb,
    RecordsPerSecond,
)

if TYPE_CHECKING:
    from penstock.planner.account import Finding
    from penstock.planner.cost import Cost
    from penstock.planner.figure import Figure
    from penstock.planner.keys import Keys
    from penstock.planner.quotas import QuotaNeed
    from penstock.planner.scaling import Step

_Sections = Sequence[tuple[str, "Sequence[Figure]"]]


def plan(
    pipeline: Annotated[str, typer.Argument(help="see `penstock list`")],
    records_per_second: RecordsPerSecond = None,
    record_kb: RecordKb = None,
    consumers: Consumers = None,
    requests_per_second: Annotated[
        float | None, typer.Option(help="of clients to the endpoint, the scorer's not among them")
    ] = None,
    latency_ms: Annotated[
        float | None, typer.Option(help="that the model takes for a request")
    ] = None,
    key_skew: Annotated[
        str | None,
        typer.Option(
            help="partition keys: uniform:KEYS, zipf:KEYS:EXPONENT, hot:KEYS:SHARE, or a file of "
            "KEY or KEY,COUNT"
        ),
    ] = None,
    prices: PriceFile = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="write all figures here as well")
    ] = None,
    families: Annotated[
        str | None,
        typer.Option(
            help="instance families to choose from, such as m5,c5; by default all "
            "but legacy, burstable and flex ones"
        ),
    ] = None,
    check_account: Annotated[
        bool,
        typer.Option("--check-account", help="compare the quotas with your account's; reads only"),
    ] = False,
    environment: Annotated[str, typer.Option(help="of cdk.json's environments")] = "dev",
    accelerator: Accelerator = None,
) -> None:
    """Show what a pipeline needs at a load: figures, instance types, limits, cost, quotas.

    Exit code 1 if --check-account finds a quota that is too small.
    """
    with one_line():
        from rich.console import Console

        from penstock.cli.offer_table import show_offers
        from penstock.cli.offers import offers
        from penstock.cli.plan_instances import choices, document_of, families_of
        from penstock.cli.plan_load import environment_of, load_of, positive, served_share
        from penstock.cli.plan_table import (
            line,
            show_alternatives,
            show_cost,
            show_figures,
            show_instances,
            show_quotas,
            show_reasons,
            show_steps,
        )
        from penstock.cli.price_file import read_prices
        from penstock.planner.cost import Cost
        from penstock.planner.plan import Plan
        from penstock.planner.quantities import alternatives, quantities
        from penstock.planner.quotas import needs
        from penstock.planner.scaling import steps

        check_json(json_file)
        description = known_pipeline(pipeline, accelerator)
        settings = environment_of(environment)
        region = settings.region
        chosen = choices(description, region=region, families=families_of(families))
        load = load_of(
            description,
            records_per_second=records_per_second,
            record_kb=record_kb,
            consumers=consumers,
        )
        planned = Plan(
            description,
            load.load,
            region,
            keys=_keys(key_skew),
            requests_per_second=positive("--requests-per-second", requests_per_second),
            latency_ms=_latency(latency_ms),
            served_share=served_share(settings),
        )
        sections = [("Load", list(load.figures)), *planned.sections()]
        known_prices = read_prices(prices, region)
        cost = Cost.of(quantities(planned), known_prices)
        others = [
            (other, Cost.of(other.quantities, known_prices)) for other in alternatives(planned)
        ]
        rows = steps(planned)
        offered = {} if accelerator else offered_by(pipeline)
        choice = offers(
            offered, description, planned=planned, environment=environment, prices=known_prices
        )
        quotas = needs(planned, environment)
        findings = _findings(quotas, pipeline, environment, region) if check_account else None
        if json_file:
            document = _document(pipeline, environment, region, sections, rows, cost)
            document["alternatives"] = [
                {
                    "name": other.name,
                    "instead_of": list(other.instead_of),
                    "quantities": {one.name: one.document() for one in other.quantities},
                    "cost": found.document(),
                }
                for other, found in others
            ]
            document |= _quotas_document(quotas, findings)
            document["instances"] = document_of(chosen)
            document["accelerators"] = {offer.accelerator: offer.document() for offer in choice}
            write_json(json_file, document)
        console = Console()
        line(console, f"penstock plan {pipeline}: {environment}, {region}\n")
        if choice:
            show_offers(console, choice, region)
        show_figures(console, sections)
        show_instances(console, chosen)
        show_steps(console, rows)
        show_cost(console, cost)
        show_alternatives(console, cost, others)
        show_quotas(console, quotas, findings)
        show_reasons(console, sections, cost, quotas, chosen)
    if any(finding.verdict == "too little" for finding in findings or ()):
        raise typer.Exit(1)


def _document(
    pipeline: str,
    environment: str,
    region: str,
    sections: _Sections,
    rows: Sequence[Step],
    cost: Cost,
) -> dict[str, Any]:
    from penstock.planner.quantities import NOT_COUNTED

    return {
        "pipeline": pipeline,
        "environment": environment,
        "region": region,
        "figures": {
            figure.name: figure.document() for _, figures in sections for figure in figures
        },
        "rates": [row.document() for row in rows],
        "quantities": {found.quantity.name: found.quantity.document() for found in cost.amounts},
        "cost": cost.document(),
        "not_counted": NOT_COUNTED,
    }


def _quotas_document(
    quotas: Sequence[QuotaNeed], findings: Sequence[Finding] | None
) -> dict[str, Any]:
    return {
        "quotas": [need.document() for need in quotas],
        "account": None if findings is None else [found.document() for found in findings],
    }


def _findings(
    quotas: Sequence[QuotaNeed], pipeline: str, environment: str, region: str
) -> list[Finding]:
    from penstock.cli.plan_account import check_account

    return check_account(quotas, region=region, own_endpoint=f"{pipeline}-{environment}")


def _latency(latency_ms: float | None) -> float | None:
    from penstock.catalog.limits import limit
    from penstock.cli.plan_load import positive

    longest = limit("sagemaker.invocation_ms")
    if positive("--latency-ms", latency_ms) is not None and not longest.allows(latency_ms or 0):
        raise UsageError(
            f"--latency-ms {latency_ms:g}: {longest.rule} ({longest.citation}); plan a batch "
            "transform or an asynchronous endpoint for slower ones"
        )
    return latency_ms


def _keys(text: str | None) -> Keys | None:
    if text is None:
        return None
    from penstock.planner.keys import Keys, KeysError

    try:
        return Keys.read(text)
    except KeysError as error:
        raise UsageError(f"--key-skew {error}") from error


def check_json(path: Path | None) -> None:
    """UsageError where no file can be written: before the work, not after it."""
    if path and not path.absolute().parent.is_dir():
        raise UsageError(f"--json {path}: there is no folder {path.parent}")


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write the plan. UsageError if the system refuses."""
    try:
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--json {path}: {error.strerror}") from error
