"""Data that pipelines run with: public data sets in a cache, time series from files."""

from penstock.datasets.cache import download
from penstock.datasets.choice import series_or_temperatures
from penstock.datasets.errors import DatasetError
from penstock.datasets.order import first_points
from penstock.datasets.series import read_series
from penstock.datasets.temperatures import temperatures

__all__ = [
    "DatasetError",
    "download",
    "first_points",
    "read_series",
    "series_or_temperatures",
    "temperatures",
]
