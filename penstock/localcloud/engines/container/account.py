"""The account that a training program gives at its end: records by channel, what differs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from penstock.localcloud.engines.container.channel import Channel
from penstock.localcloud.engines.container.opt_ml import OptMl


def give_account(
    opt_ml: OptMl, host: str, channels: Mapping[str, Channel], not_honoured: Sequence[str]
) -> None:
    """Into the log, and into output/engine.json for the platform's ledger and report."""
    records = {channel.name: channel.records for channel in channels.values()}
    for name, count in records.items():
        print(f"#channel: host={host}, {name} records={count}")
    sys.stdout.flush()
    opt_ml.account(not_honoured=list(not_honoured), records=records)


def say_beforehand(
    algorithm: str, host: str, settings: Mapping[str, object], not_honoured: Sequence[str]
) -> None:
    """The log's first lines: the settings that were given, and what changes nothing here."""
    given = ", ".join(f"{name}={settings[name]}" for name in sorted(settings))
    print(f"{algorithm} on {host}: {given}")
    for line in not_honoured:
        print(f"not honoured here: {line}")
    sys.stdout.flush()
