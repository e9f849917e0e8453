"""Data that pipelines run with: time series from files."""

from penstock.datasets.errors import DatasetError
from penstock.datasets.order import first_points
from penstock.datasets.series import read_series

__all__ = ["DatasetError", "first_points", "read_series"]
