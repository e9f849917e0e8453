"""Data quality in Model Monitor's published formats: profiles, baselines, drift.

    reader = Reader()
    profile, _ = read_profile("training.csv", reader)
    baseline = Baseline.of(profile)
    profile, reading = read_profile("s3://bucket/captured/hour/", Reader(s3=boto3.client("s3")))
    outcome = check(profile, baseline, reading=reading)

Runs wherever numpy, pyarrow and datasketches are, AWS Glue 5.1 among them.
"""

from __future__ import annotations

from penstock.monitor.comparison import Violation
from penstock.monitor.distances import Distance
from penstock.monitor.errors import MonitorError
from penstock.monitor.metrics import Metric, put_metrics
from penstock.monitor.profile import Profile
from penstock.monitor.readers.capture import Parts
from penstock.monitor.readers.dataset import Format, Reader
from penstock.monitor.readers.reading import Reading
from penstock.monitor.readers.sources import Source
from penstock.monitor.run import Baseline, Outcome, check, read_profile
from penstock.monitor.window import Window, utc_text, utc_time

__all__ = [
    "Baseline",
    "Distance",
    "Format",
    "Metric",
    "MonitorError",
    "Outcome",
    "Parts",
    "Profile",
    "Reader",
    "Reading",
    "Source",
    "Violation",
    "Window",
    "check",
    "put_metrics",
    "read_profile",
    "utc_text",
    "utc_time",
]
