"""10,000 records a second for a minute, or what the machine can: each is accounted for, once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from penstock.scenario.account import Bookkeeper
from penstock.scenario.aws import Aws
from tests.faults.ingestion import ingesting
from tests.load.figures import latencies_ms, memory_mb, tell
from tests.load.lake import LakeRows
from tests.load.producer import record

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("load")]

ROOT = Path(__file__).parents[2]
RECORDS_PER_SECOND = 10_000
SECONDS = 60
# Of the process, whatever number of records it carried: 48 MB of the stream's records, the
# delivery's buffer of 64 MB, which takes 2.4 times as much as records of 260 bytes, a batch as
# rows and as a file, answers of 10,000 records; 320 MB were seen, after a minute as after four.
GROWTH_MB = 450.0


def test_a_minute_of_records(
    assembly: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ingesting(assembly, tmp_path, ()) as ingestion:
        ingestion.send([record(-1)])  # everything has started
        keeper = Bookkeeper(
            Aws(ingestion.client, poll_seconds=0.05, patience_seconds=60),
            ingestion.stage,
            since_ms=int(time.time() * 1000),
        )
        lake = LakeRows(ingestion)
        before_mb = memory_mb()
        command = [
            sys.executable,
            "-m",
            "tests.load.producer",
            ingestion.cloud.context.clients.endpoint_url,
            ingestion.stage["StreamName"],
            "0",
            str(RECORDS_PER_SECOND),
            str(SECONDS),
        ]
        produced = subprocess.run(
            command, cwd=ROOT, env={**os.environ}, check=True, stdout=subprocess.PIPE, text=True
        )
        sent = json.loads(produced.stdout)
        after_mb = memory_mb()
        caught_up_seconds = lake.wait_for(sent["sent"])
        later_mb = memory_mb()
        account = keeper.look()  # only now: it remembers every record
        rows = ingestion.rows()

    megabytes = sum(len(record(number)) for number in range(sent["sent"])) / 1_000_000
    tell(
        capsys,
        {
            "name": "stream_load",
            "wanted_records_per_second": RECORDS_PER_SECOND,
            "records_per_second": round(sent["sent"] / sent["seconds"]),
            "sent": sent["sent"],
            "put_records_ms": latencies_ms(sent["requests"]),
            "caught_up_after_seconds": round(caught_up_seconds, 1),
            "sent_mb": round(megabytes, 1),
            "memory_mb": {
                "before": round(before_mb),
                "after": round(after_mb),
                "delivered": round(later_mb),
            },
        },
    )
    assert sent["failed"] == 0
    assert (account.delivered, account.dropped) == (sent["sent"], 0)
    assert sum(account.failed.values()) == 0
    # each record once, and nobody else's
    assert rows.keys() == {f"d{number}" for number in range(-1, sent["sent"])}
    assert set(rows.values()) == {1}
    assert max(after_mb, later_mb) - before_mb < GROWTH_MB
