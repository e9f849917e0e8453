"""Series of a public data set, or the temperatures where it is not to be had."""

from __future__ import annotations

from typing import Any

from penstock.catalog import datasets
from penstock.datasets.cache import download
from penstock.datasets.errors import DatasetError
from penstock.datasets.schema import SeriesSchema
from penstock.datasets.series import read_series
from penstock.datasets.temperatures import SPIKES, temperatures


def series_or_temperatures(
    name: str, folder: str, schema: SeriesSchema
) -> tuple[str, list[dict[str, Any]]]:
    """The records of a data set's folder, and one line that says what they are and why.

    Raises:
        DatasetError: neither the data set nor the package with the temperatures is there.
        UnknownFactError: the catalog has no such data set.
    """
    try:
        place = download(name)
    except DatasetError as error:
        put_in = sum(map(len, SPIKES.values()))
        source = (
            f"temperatures of Seattle and San Francisco (vega_datasets) with {put_in} spikes put in"
        )
        return f"{source}: {error}", temperatures(schema)
    records = read_series(place / folder, schema)
    count = len({record[str(schema.series_field)] for record in records})
    return f"the {datasets.dataset(name).title}: {count} series of {folder}", records
