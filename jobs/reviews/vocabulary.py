"""A WordPiece vocabulary learned from texts, in plain Python: the same texts give the same tokens.

Pieces are joined as in byte-pair encoding: the two neighbours that occur together most often become
one token, again and again. So does Hugging Face's WordPieceTrainer (huggingface/tokenizers,
tokenizers/src/models/wordpiece/trainer.rs, which wraps its BpeTrainer); BERT's own was never
published.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from jobs.reviews.tokenizer import INSIDE, LONGEST_WORD, SPECIAL, words

MOST_CHARACTERS = 1000  # limit_alphabet of BertWordPieceTokenizer, same repository
LEAST_COUNT = 2  # what occurs once is no pattern

Pair = tuple[str, str]


def count_words(texts: Iterable[str]) -> Counter[str]:
    """How often each word occurs."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update(words(text))
    return found


def vocabulary(counts: Mapping[str, int], size: int) -> list[str]:
    """Tokens for texts whose words occur that often, in the order of vocab.txt: `size` at most.

    Specials, the characters (at the beginning of a word and inside it), then pieces as they were
    joined, the most frequent first. Characters take half of the room at most: the rarest ones are
    left out, and words with them are unknown.
    """
    characters = _characters(counts, min(MOST_CHARACTERS, (size - len(SPECIAL)) // 4))
    tokens = [*SPECIAL, *characters, *(INSIDE + char for char in characters)]
    known = set(tokens)
    pairs = _Pairs(counts, set(characters))
    while len(tokens) < size:
        joined = pairs.join_most_frequent()
        if joined is None:
            break
        if joined not in known:  # two pairs may give one piece
            known.add(joined)
            tokens.append(joined)
    return tokens


def _characters(counts: Mapping[str, int], most: int) -> list[str]:
    found: Counter[str] = Counter()
    for word, count in counts.items():
        for char in word:
            found[char] += count
    return sorted(sorted(found, key=lambda char: (-found[char], char))[:most])


class _Pairs:
    """Words as pieces, and how often each two pieces are neighbours."""

    def __init__(self, counts: Mapping[str, int], characters: set[str]) -> None:
        self._words: list[list[str]] = []
        self._counts: list[int] = []
        self._frequency: defaultdict[Pair, int] = defaultdict(int)
        self._places: defaultdict[Pair, set[int]] = defaultdict(set)
        for word in sorted(counts):
            if len(word) <= LONGEST_WORD and characters.issuperset(word):
                self._add(word, counts[word])
        # the most frequent first, then by name; an entry whose count has changed is skipped
        self._heap = [(-count, pair) for pair, count in self._frequency.items()]
        heapq.heapify(self._heap)

    def _add(self, word: str, count: int) -> None:
        pieces = [word[0], *(INSIDE + char for char in word[1:])]
        for pair in itertools.pairwise(pieces):
            self._frequency[pair] += count
            self._places[pair].add(len(self._words))
        self._words.append(pieces)
        self._counts.append(count)

    def join_most_frequent(self) -> str | None:
        """The piece that the most frequent neighbours make; None if no two are frequent."""
        while self._heap:
            negative, pair = heapq.heappop(self._heap)
            count = self._frequency.get(pair, 0)
            if count != -negative:
                continue
            if count < LEAST_COUNT:
                return None
            joined = pair[0] + pair[1][len(INSIDE) :]
            self._join(pair, joined)
            return joined
        return None

    def _join(self, pair: Pair, joined: str) -> None:
        changed: set[Pair] = set()
        for number in self._places.pop(pair):
            before, count = self._words[number], self._counts[number]
            after = _joined(before, pair, joined)
            if len(after) == len(before):  # the pair was there once
                continue
            self._words[number] = after
            for other in itertools.pairwise(before):
                self._frequency[other] -= count
                changed.add(other)
            for other in itertools.pairwise(after):
                self._frequency[other] += count
                self._places[other].add(number)
                changed.add(other)
        for other in changed:
            if self._frequency[other]:
                heapq.heappush(self._heap, (-self._frequency[other], other))
            else:
                del self._frequency[other]


def _joined(pieces: list[str], pair: Pair, joined: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(pieces):
        if pieces[at] == pair[0] and at + 1 < len(pieces) and pieces[at + 1] == pair[1]:
            found.append(joined)
            at += 2
        else:
            found.append(pieces[at])
            at += 1
    return found
