"""Sends records and waits until each of them is accounted for; the account spans all deliveries."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from penstock.scenario.account import Bookkeeper, RecordAccount
from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.feed import feed, partition_key
from penstock.scenario.progress import Timeline


class Deliveries:
    """Keeps `findings["records"]` up to date.

    If not `alone`, other producers may put records on the stream meanwhile.
    """

    def __init__(
        self, aws: Aws, stage: Stage, timeline: Timeline, findings: dict[str, Any], *, alone: bool
    ) -> None:
        self._aws = aws
        self._stage = stage
        self._timeline = timeline
        self._findings = findings
        self._alone = alone
        self._keeper: Bookkeeper | None = None

    def send(self, records: Sequence[bytes], step: str) -> list[bytes]:
        """Send the records as part of a step; returns those that the stream took, in that order.

        StepFailedError if some are not found again.
        """
        if self._keeper is None:
            self._keeper = Bookkeeper(self._aws, self._stage, since_ms=int(time.time() * 1000))
        keeper, account = self._keeper, self._keeper.account
        before = account.sent
        try:
            fed = feed(
                self._aws.client("kinesis"),
                stream_name=self._stage["StreamName"],
                records=records,
                sent_so_far=lambda n: self._timeline.say(step, f"{n} of {len(records)} sent"),
                key_of=partition_key(self._stage.outputs.get("PartitionKeyField")),
            )
            account.sent += fed.sent
            account.failed["source"] += fed.failed
            keeper.sent(fed.arrived)
            self._aws.wait_for(
                f"the {fed.sent} records that were sent",
                lambda: self._balanced(keeper, step, before),
                progress=lambda: account.accounted,
            )
        finally:
            keeper.explain_failures()
            unique = self._findings.get("records", {}).get("unique")
            self._findings["records"] = {**asdict(account), "unique": unique}
        return fed.arrived

    def _balanced(self, keeper: Bookkeeper, step: str, before: int) -> RecordAccount | None:
        account = keeper.look()
        if account.accounted >= account.sent:
            keeper.take_out_copies()
        found, sent = account.accounted - before, account.sent - before
        self._timeline.say(step, f"{found} of {sent} accounted for")
        if found > sent and not self._alone:
            return account
        if found > sent:
            raise StepFailedError(
                f"{account.accounted} records accounted for, but only {account.sent} were sent: "
                "is another producer at work?"
            )
        return account if account.balanced else None
