"""Faults on a record's way through Firehose: of its transform, and of its conversion."""

from __future__ import annotations

from penstock.localcloud.faults.fault import Fault
from penstock.localcloud.faults.values import Times

_RETRIED = (
    "Firehose invokes the function again, 3 times by default, and then writes the batch below the "
    "error prefix processing-failed, as Lambda.FunctionError with attemptsMade 4 (Firehose "
    "developer guide, data transformation failure handling; that it tries again after {why} too "
    "is seen in error objects, not said there)"
)
_MISSING = (
    "the records without an answer go below the error prefix processing-failed, as "
    "Lambda.MissingRecordId, without another try (Firehose developer guide, required parameters "
    "for data transformation, and the error codes of its CloudWatch Logs page)"
)

FAULTS = (
    Fault(
        name="transform-raises",
        value=Times(1),
        what="the transform's function raises an exception, for so many invocations",
        on_aws=_RETRIED.format(why="an exception"),
    ),
    Fault(
        name="transform-times-out",
        value=Times(1),
        what="the transform's function hangs until its Timeout, for so many invocations",
        on_aws=_RETRIED.format(why="a function's own timeout"),
    ),
    Fault(
        name="transform-over-6mb",
        value=Times(1),
        what="the transform's function answers with more than 6 MB, for so many invocations",
        on_aws="Lambda refuses a response over 6 MB (Lambda quotas, synchronous payload); "
        + _RETRIED.format(why="that"),
    ),
    Fault(
        name="transform-answers-short",
        value=Times(1),
        what="the transform's function leaves a record out of its answer, for so many invocations",
        on_aws=_MISSING,
    ),
    Fault(
        name="transform-unknown-record",
        value=Times(1),
        what="the transform's function answers with a recordId that nobody asked about, in place "
        "of one that was asked about, for so many invocations",
        on_aws=_MISSING,
    ),
    Fault(
        name="conversion-fails",
        value=Times(3),
        what="so many records do not fit the Glue table when Firehose converts them",
        on_aws="Firehose writes the record below the error prefix format-conversion-failed, and "
        "blocks further delivery until that write succeeds (Firehose developer guide, record "
        "format conversion error handling; the error codes are unconfirmed)",
    ),
)
