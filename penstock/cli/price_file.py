"""--prices FILE: the prices of the Region that they are asked for."""

from __future__ import annotations

from pathlib import Path

from penstock.cli.errors import UsageError
from penstock.planner.prices import Prices, PricesError


def read_prices(path: Path | None, *regions: str) -> Prices | None:
    """The prices of a file, None for none. UsageError if it is no price file of these Regions."""
    if path is None:
        return None
    try:
        prices = Prices.read(path)
    except PricesError as error:
        raise UsageError(f"--prices {error}") from error
    others = [region for region in regions if region != prices.region]
    if others:
        raise UsageError(
            f"--prices {path}: these are prices of {prices.region}, and the stacks are in "
            f"{others[0]}: fetch its own with `penstock prices update`"
        )
    return prices
