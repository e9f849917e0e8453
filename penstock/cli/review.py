"""`penstock review`: what would be deployed, as a page and as text for a pull request."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.assembly.errors import AssemblyError
from penstock.cli.errors import UsageError
from penstock.cli.known import offered_by
from penstock.cli.offer_blocks import offer_blocks
from penstock.cli.offers import offers
from penstock.cli.plan_load import PlannedLoad, environment_of, load_of, served_share
from penstock.cli.price_file import read_prices
from penstock.cli.review_load import at_load
from penstock.cli.review_reasons import reasons_of
from penstock.cli.synth import synthesize
from penstock.cli.workplace import workplace
from penstock.planner.plan import Plan
from penstock.planner.prices import Prices
from penstock.review.assembly import Assembly, read
from penstock.review.blocks import Block
from penstock.review.given import AtLoad, Given
from penstock.review.review import Review, review

if TYPE_CHECKING:
    from pipelines.spec import Environment, Pipeline


@dataclass(frozen=True)
class AskedLoad:
    """A load as the command line has it; None stands for what the description says."""

    records_per_second: float | None
    record_kb: float | None
    consumers: int | None

    @property
    def is_given(self) -> bool:
        """Whether any of it was said."""
        return (self.records_per_second, self.record_kb, self.consumers) != (None, None, None)


def review_pipeline(
    pipeline: Pipeline,
    *,
    accelerator: str | None,
    environment: str,
    against: Path | None,
    prices: Path | None,
    load: AskedLoad,
) -> Review:
    """The review of a pipeline of this project, which is synthesized for it.

    Args:
        pipeline: the one, as it is on the accelerator.
        accelerator: of those that it offers; None for its own choice.
        environment: of cdk.json's environments.
        against: a cloud assembly to compare with, such as the one that is deployed now.
        prices: a price file of the environment's Region.
        load: what the stream carries.

    Raises:
        UsageError: the app refused, `against` is no cloud assembly, or prices or load are none.
    """
    before = _compared(against)
    settings = environment_of(environment)
    known_prices = read_prices(prices, settings.region)
    given = Given(
        reasons=reasons_of(pipeline, region=settings.region),
        prices=known_prices,
        load=_at_load(pipeline, settings, load, known_prices),
        accelerators=_side_by_side(pipeline, environment, settings, load, known_prices)
        if accelerator is None
        else (),
    )
    title = f"{pipeline.name} in {environment}"
    if accelerator is not None:
        title += f" on {accelerator}"
    with workplace() as place:
        made = place / "cdk.out"
        synthesize(
            out=made,
            pipeline=pipeline.name,
            environment=environment,
            validate=False,
            accelerator=accelerator,
        )
        return review(title, _read(made), before, given)


def review_assembly(
    folder: Path, *, against: Path | None, prices: Path | None, load: AskedLoad
) -> Review:
    """The review of any cloud assembly.

    Raises:
        UsageError: a folder is no assembly, prices are of another Region, or a load is given.
    """
    if load.is_given:
        raise UsageError(
            "--assembly: a load is planned for a pipeline; name one of `penstock list`"
        )
    before, assembly = _compared(against), _read(folder)
    regions = {stack.region: None for stack in assembly.stacks if stack.region}
    return review(
        folder.resolve().name, assembly, before, Given(prices=read_prices(prices, *regions))
    )


def write(written: Review, folder: Path) -> tuple[Path, Path]:
    """Write review.html and review.md; returns their paths. UsageError if the system refuses."""
    try:
        return written.write(folder)
    except OSError as error:
        raise UsageError(f"--out {folder}: {error.strerror}") from error


def _at_load(
    pipeline: Pipeline, settings: Environment, load: AskedLoad, prices: Prices | None
) -> AtLoad | None:
    if not load.is_given:
        return None
    planned = _load_of(pipeline, load)
    return at_load(_plan(pipeline, settings, planned), planned, prices)


def _side_by_side(
    pipeline: Pipeline,
    environment: str,
    settings: Environment,
    load: AskedLoad,
    prices: Prices | None,
) -> tuple[Block, ...]:
    offered = offered_by(pipeline.name)
    if not offered:
        return ()
    plan = _plan(pipeline, settings, _load_of(pipeline, load))
    found = offers(offered, pipeline, planned=plan, environment=environment, prices=prices)
    return tuple(offer_blocks(found, settings.region))


def _load_of(pipeline: Pipeline, load: AskedLoad) -> PlannedLoad:
    return load_of(
        pipeline,
        records_per_second=load.records_per_second,
        record_kb=load.record_kb,
        consumers=load.consumers,
    )


def _plan(pipeline: Pipeline, settings: Environment, load: PlannedLoad) -> Plan:
    return Plan(pipeline, load.load, settings.region, served_share=served_share(settings))


def _compared(against: Path | None) -> Assembly | None:
    return _read(against) if against else None


def _read(folder: Path) -> Assembly:
    try:
        return read(folder)
    except AssemblyError as error:
        raise UsageError(str(error)) from error
