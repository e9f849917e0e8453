"""Faults of S3."""

from __future__ import annotations

from penstock.localcloud.faults.fault import Fault
from penstock.localcloud.faults.values import TimesOrShare

_WHO_RETRIES = (
    "the SDKs try again, 5 times in all by boto3's default, Firehose for as long as the stream "
    "keeps the records, 24 hours by default (boto3 guide, retries; Firehose developer guide, data "
    "delivery failure; how often SageMaker tries is unconfirmed)"
)

FAULTS = (
    Fault(
        name="s3-slow-down",
        value=TimesOrShare(0.1),
        what="S3 answers GET and PUT requests for objects, of jobs, functions and services, with "
        "503 SlowDown",
        on_aws="S3 scales a prefix beyond 3,500 PUT and 5,500 GET requests a second only gradually "
        f"and answers SlowDown meanwhile (S3 user guide, performance design patterns); "
        f"{_WHO_RETRIES}",
    ),
    Fault(
        name="s3-internal-error",
        value=TimesOrShare(0.1),
        what="S3 answers GET and PUT requests for objects, of jobs, functions and services, with "
        "500 InternalError",
        on_aws="an InternalError is rare and to be retried, and what was put may be there or not "
        f"(S3 user guide, error best practices); {_WHO_RETRIES}",
    ),
)
