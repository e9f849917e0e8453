"""CloudWatch Logs while many programs open their log at the same moment."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from moto.logs import models

from penstock.localcloud.workers.logs import LogStream
from tests.offline.bare_cloud import BareCloud

pytestmark = pytest.mark.offline

GROUP = "/aws/sagemaker/TrainingJobs"


def test_hosts_that_begin_together_share_one_group_and_lose_no_line(
    bare_cloud: BareCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock, turn = models.LogGroup.__init__, itertools.count(1)

    def slow(self: Any, *arguments: Any, **options: Any) -> None:
        # the first host writes its log already while the others still make the group
        time.sleep(0.05 * next(turn))
        stock(self, *arguments, **options)

    monkeypatch.setattr(models.LogGroup, "__init__", slow)
    client = bare_cloud.client("logs")

    def begin(host: int) -> None:
        stream = LogStream(
            client, bare_cloud.context.clock, group=GROUP, stream=f"algo-{host}", create_group=True
        )
        stream.write(f"host {host} begins")

    with ThreadPoolExecutor(8) as hosts:
        list(hosts.map(begin, range(8)))
    streams = client.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert [stream["logStreamName"] for stream in streams] == [f"algo-{n}" for n in range(8)]
    said = client.filter_log_events(logGroupName=GROUP)["events"]
    assert sorted(event["message"] for event in said) == [f"host {n} begins" for n in range(8)]


def test_groups_and_streams_are_listed_while_others_are_made(bare_cloud: BareCloud) -> None:
    client = bare_cloud.client("logs")
    client.create_log_group(logGroupName=GROUP)

    def make(number: int) -> None:
        client.create_log_group(logGroupName=f"/group/{number}")
        client.create_log_stream(logGroupName=GROUP, logStreamName=f"stream-{number:03}")

    with ThreadPoolExecutor(4) as programs:
        made = [programs.submit(make, number) for number in range(100)]
        while not all(future.done() for future in made):
            client.describe_log_groups(logGroupNamePrefix="/group/")
            client.describe_log_streams(logGroupName=GROUP)
            client.filter_log_events(logGroupName=GROUP)
        for future in made:
            future.result()
    assert len(client.describe_log_groups(logGroupNamePrefix="/group/")["logGroups"]) == 50
