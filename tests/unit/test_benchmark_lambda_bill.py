"""What invocations cost, from the lines that Lambda writes at their ends."""

from __future__ import annotations

import pytest

from benchmarks.lambda_bill import Bill, billed_ms

REPORT = (
    "START RequestId: 1\nscored\nEND RequestId: 1\nREPORT RequestId: 1\tDuration: 12.01 ms\t"
    "Billed Duration: 13 ms\tMemory Size: 256 MB\tMax Memory Used: 60 MB\n"
)


def test_billed_milliseconds_are_those_of_the_report() -> None:
    assert billed_ms(REPORT) == 13
    assert billed_ms("Billed Duration: 7 ms\n" + REPORT) == 13  # what the function itself prints
    with pytest.raises(ValueError, match="no REPORT line"):
        billed_ms("START RequestId: 1\n")


def test_gb_seconds_are_per_million_records() -> None:
    # 1.5 s at a quarter of a GB for 4000 records
    bill = Bill(records=4000, memory_mb=256, invocations_ms=[1000, 500])
    assert bill.gb_seconds == pytest.approx(93.75)
    assert bill.invocations == 500
