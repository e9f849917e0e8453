"""The producer: batches within the API's limits, retries of what was throttled, a true account."""

from __future__ import annotations

from typing import Any

from penstock.scenario.feed import MAX_BYTES_PER_REQUEST, Fed, digest_of, feed, partition_key


class Stream:
    """A stream that refuses chosen records a number of times."""

    def __init__(self, refusals: dict[bytes, int] | None = None) -> None:
        self.requests: list[list[bytes]] = []
        self.stored: list[bytes] = []
        self._refusals = refusals or {}

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        self.requests.append([record["Data"] for record in Records])
        results = []
        for record in Records:
            left = self._refusals.get(record["Data"], 0)
            if left:
                self._refusals[record["Data"]] = left - 1
                results.append({"ErrorCode": "ProvisionedThroughputExceededException"})
            else:
                self.stored.append(record["Data"])
                results.append({"SequenceNumber": "1", "ShardId": "0"})
        return {"Records": results}


def send(stream: Stream, records: list[bytes]) -> Fed:
    return feed(
        stream,
        stream_name="s",
        records=records,
        sent_so_far=lambda _: None,
        pause_seconds=0,
    )


def test_all_records_arrive_in_batches_of_at_most_500() -> None:
    stream = Stream()
    records = [str(n).encode() for n in range(1201)]
    assert send(stream, records) == Fed(1201, records)
    assert stream.stored == records
    assert [len(request) for request in stream.requests] == [500, 500, 201]


def test_a_request_stays_below_its_byte_limit() -> None:
    stream = Stream()
    send(stream, [b"x" * 300_000 + str(n).encode() for n in range(7)])
    assert all(sum(map(len, request)) <= MAX_BYTES_PER_REQUEST for request in stream.requests)


def test_throttled_records_and_only_they_are_sent_again() -> None:
    stream = Stream({b"b": 2})
    assert send(stream, [b"a", b"b", b"c"]) == Fed(3, [b"a", b"c", b"b"])
    assert stream.requests == [[b"a", b"b", b"c"], [b"b"], [b"b"]]
    assert stream.stored == [b"a", b"c", b"b"]


def test_what_is_refused_for_ever_is_counted() -> None:
    fed = send(Stream({b"b": 10**6}), [b"a", b"b"])
    assert (fed.sent, fed.arrived, fed.failed) == (2, [b"a"], 1)


def test_a_field_keeps_its_records_together_and_broken_ones_go_by_their_digest() -> None:
    key_of = partition_key("series")
    assert key_of(b'{"series": "cpu", "value": 1}') == "cpu"
    for broken in (b"", b"[]", b"{}", b'{"series": 7}', b'{"series": ""}', b"\xff"):
        assert key_of(broken) == digest_of(broken)
    assert partition_key(None) is digest_of
