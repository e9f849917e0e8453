"""Partition-key skew: real keys on real hash ranges, the hottest shard, and what cures it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from penstock.catalog.facts import counted, in_words
from penstock.catalog.limits import limit
from penstock.planner.figure import Figure
from penstock.planner.keys import MOST_KEYS, Keys
from penstock.planner.load import Load
from penstock.planner.regions import most
from penstock.planner.rounding import whole

_HASHES = 2**128
_SLACK = 1 + 1e-9
_TRIED_TIMES = 4  # shards are searched up to so many times those of an even spread
_FRACTIONS = (1 / 2, 1 / 4, 1 / 8, 1 / 16)  # of what a shard bears, for parts of a key
_WORK = 200_000_000  # keys x shard counts that a search may look at: some seconds
_EVEN_RANGES = "a stream's shards are taken to have equal hash ranges, as they have when made"


def shard_of(key: str, shards: int) -> int:
    """The shard of a partition key where `shards` divide the hashes evenly.

    The MD5 of the key's UTF-8 bytes is a number of 128 bits (Kinesis API reference, PutRecord,
    PartitionKey).
    """
    return min(_hash(key) // (_HASHES // shards), shards - 1)


@cache
def _hash(key: str) -> int:
    return int.from_bytes(hashlib.md5(key.encode(), usedforsecurity=False).digest(), "big")


@dataclass(frozen=True)
class Skew:
    """The share of all records that each shard gets; `load` is that of all shards together."""

    load: Load
    shares: tuple[float, ...]

    @classmethod
    def of(cls, keys: Keys, load: Load, shards: int) -> Skew:
        """What so many shards get of these keys."""
        shares = [0.0] * shards
        for key, share in keys.shares.items():
            shares[shard_of(key, shards)] += share
        return cls(load, tuple(shares))

    @property
    def hottest(self) -> int:
        """The shard with most records."""
        return max(range(len(self.shares)), key=lambda shard: self.shares[shard])

    @property
    def hottest_share(self) -> float:
        """Its share of all records."""
        return self.shares[self.hottest]

    @property
    def throttled_share(self) -> float:
        """The share of all records that is refused while the load lasts."""
        return sum(max(0.0, share - writable_share(self.load)) for share in self.shares)

    @property
    def behind_share(self) -> float:
        """The share of all records that is taken, but not read as fast as it comes."""
        taken = (min(share, writable_share(self.load)) for share in self.shares)
        return sum(max(0.0, share - readable_share(self.load)) for share in taken)


def writable_share(load: Load) -> float:
    """The share of a load that one shard takes."""
    return min(
        most(limit("kinesis.shard_incoming_kb")) / load.incoming_kb,
        most(limit("kinesis.shard_incoming_records")) / load.records_per_second,
    )


def readable_share(load: Load) -> float:
    """The share of a load that one shard gives all its consumers."""
    return most(limit("kinesis.shard_outgoing_kb")) / load.outgoing_kb


def borne_share(load: Load) -> float:
    """The share of a load that one shard bears, written and read."""
    return min(writable_share(load), readable_share(load))


@dataclass(frozen=True)
class Cure:
    """So many shards, and `parts` keys for each one with more than `above` of all records.

    `split` says how many those are; with `parts` 1 all keys stay as they are.
    """

    shards: int
    split: int = 0
    parts: int = 1
    above: float = 1.0

    def applied(self, keys: Keys) -> Keys:
        """The keys as they are written then."""
        return keys.split(self.above, self.parts) if self.parts > 1 else keys


def cure(keys: Keys, load: Load, shards: int) -> Cure | None:
    """The fewest shards, from so many on, none of which gets more than it bears.

    Where one key alone is too much for a shard, the heaviest ones are divided, into parts of a
    half, a quarter ... of what a shard bears: the first that needs fewest shards. None if nothing
    is found among four times the shards.
    """
    borne, heaviest = borne_share(load), max(keys.shares.values())
    if heaviest <= borne * _SLACK:
        return _fewest(keys, load, shards, Cure(shards))
    found: list[Cure] = []
    for fraction in _FRACTIONS:
        above = borne * fraction
        split = sum(share > above for share in keys.shares.values())
        parts = whole(heaviest / above)
        if split * parts + len(keys.shares) > MOST_KEYS:
            break
        tried = _fewest(keys, load, shards, Cure(shards, split, parts, above))
        found += [] if tried is None else [tried]
    return min(found, key=lambda one: one.shards, default=None)


def _fewest(keys: Keys, load: Load, start: int, form: Cure) -> Cure | None:
    """The form of cure with the fewest shards that are enough."""
    applied, borne = form.applied(keys), borne_share(load)
    for count in _candidates(applied, borne, start):
        if Skew.of(applied, load, count).hottest_share <= borne * _SLACK:
            return replace(form, shards=count)
    return None


def _candidates(keys: Keys, borne: float, start: int) -> Iterator[int]:
    """Shard counts that seem to do, by the upper 64 bits of the hashes."""
    import numpy as np  # not before it is needed: `penstock --help` must not wait for it

    upper = np.array([_hash(key) >> 64 for key in keys.shares], dtype=np.uint64)
    high, low = upper >> np.uint64(32), upper & np.uint64(0xFFFFFFFF)
    weights = np.array(list(keys.shares.values()))
    last = min(start * _TRIED_TIMES + 64, start + _WORK // len(weights))
    for count in range(start, last + 1):
        number = np.uint64(count)
        places = (high * number + (low * number >> np.uint64(32))) >> np.uint64(32)
        shares = np.bincount(places.astype(np.int64), weights=weights, minlength=count)
        if shares.max() <= borne * _SLACK:
            yield count


def figures(
    keys: Keys | None, load: Load, shards: int, *, partition_key_field: str | None
) -> list[Figure]:
    """The hottest shard, what it refuses, and the cure; `keys` None: they were not given."""
    facts = (limit("kinesis.shard_incoming_kb"), limit("kinesis.shard_incoming_records"))
    if keys is None:
        if partition_key_field is None:
            share: float | None = 1 / shards
            because = "no partition_key_field: a digest of each record spreads them evenly"
        else:
            share, because = None, f"unknown: give --key-skew, the values of {partition_key_field}"
        return [Figure("stream.hottest_shard_share", share, "of all records", because)]
    skew = Skew.of(keys, load, shards)
    found = cure(keys, load, shards)
    hottest, borne = skew.hottest_share, borne_share(load)
    heaviest = keys.heaviest
    spread = f"{in_words(len(keys.shares))} keys ({keys.origin}) on {counted(shards, 'shard')}"
    return [
        Figure(
            "stream.hottest_shard_share",
            round(hottest, 6),
            "of all records",
            f"shard {skew.hottest} of 0 to {shards - 1}: {spread}; "
            f"{in_words(round(hottest * shards, 3))} times an even share, "
            f"{in_words(round(hottest / borne, 3))} times what a shard bears",
            source=("Kinesis API reference, PutRecord, PartitionKey (MD5)",),
            unconfirmed=(_EVEN_RANGES,),
        ),
        Figure.by(
            "stream.throttled_share",
            round(skew.throttled_share, 6),
            "of all records",
            "what shards above their limit refuse while this load lasts",
            *facts,
        ),
        Figure.by(
            "stream.behind_share",
            round(skew.behind_share, 6),
            "of all records",
            "what is taken but read more slowly than it comes",
            limit("kinesis.shard_outgoing_kb"),
        ),
        Figure.by(
            "stream.shards_for_keys",
            None if found is None else found.shards,
            "shards",
            _cure_in_words(found, shards, heaviest, keys.shares[heaviest], borne),
            *facts,
        ),
    ]


def _cure_in_words(
    found: Cure | None, shards: int, heaviest: str, share: float, borne: float
) -> str:
    if found is None:
        return (
            f"unknown: no number up to about {_TRIED_TIMES} times {shards} evens these keys out; "
            "use a finer partition key"
        )
    if found.parts > 1:
        return (
            f"key {heaviest[:40]!r} alone is {in_words(round(share / borne, 2))} times what a "
            f"shard bears, so no number of shards is enough: write each of the {found.split} "
            f"heaviest keys as {found.parts} (KEY#0 to KEY#{found.parts - 1}), then this many are; "
            "order is kept within a part only"
        )
    if found.shards == shards:
        return "the planned shards bear these keys"
    return f"{found.shards - shards} more than an even spread needs; one less is too few"
