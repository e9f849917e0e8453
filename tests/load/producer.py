"""Puts records on a stream at a steady rate, as a producer in a process of its own does.

python -m tests.load.producer URL STREAM FIRST_NUMBER RECORDS_PER_SECOND SECONDS
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from penstock.localcloud.clients import ClientFactory
from penstock.scenario.feed import MAX_RECORDS_PER_REQUEST, feed


def record(number: int) -> bytes:
    """A record of digits, whose id is its number."""
    return b'{"id": "d%d", "pixels": [%s], "label": %d}' % (
        number,
        _PIXELS[number % 17],
        number % 10,
    )


_PIXELS = [b", ".join([b"%d" % value] * 64) for value in range(17)]


def main() -> None:
    """Write a JSON object: sent, failed, seconds, requests (seconds of each, sorted)."""
    url, stream, first, rate, seconds = sys.argv[1:]
    kinesis = ClientFactory(endpoint_url=url, region="us-east-1").deployer("kinesis")
    sent = failed = 0
    took: list[float] = []
    started = time.monotonic()
    while (now := time.monotonic() - started) < float(seconds):
        # as many as the rate has brought by now, and no request that is smaller than it need be
        due = int(now * float(rate)) - sent
        if due < MAX_RECORDS_PER_REQUEST:
            time.sleep((MAX_RECORDS_PER_REQUEST - due) / float(rate))
            continue
        numbers = range(int(first) + sent, int(first) + sent + MAX_RECORDS_PER_REQUEST)
        before = time.perf_counter()
        done = feed(
            kinesis,
            stream_name=stream,
            records=(record(number) for number in numbers),
            sent_so_far=_unheard,
        )
        took.append(time.perf_counter() - before)
        sent, failed = sent + done.sent, failed + done.failed
    found: dict[str, Any] = {
        "sent": sent,
        "failed": failed,
        "seconds": time.monotonic() - started,
        "requests": sorted(took),
    }
    sys.stdout.write(json.dumps(found) + "\n")


def _unheard(_sent: int) -> None:
    """Nobody asks how far it is."""


if __name__ == "__main__":
    main()
