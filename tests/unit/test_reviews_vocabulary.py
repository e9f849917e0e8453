"""Vocabularies learned from texts: pieces by frequency, the same for the same texts."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from jobs.reviews.tokenizer import INSIDE, SPECIAL, UNKNOWN, Tokenizer, words
from jobs.reviews.vocabulary import count_words, vocabulary

VERBS = ["walk", "talk", "play", "jump", "watch", "laugh"]
TEXTS = [f"{verb} {verb}ing {verb}ed {verb}s ." for verb in VERBS for _ in range(3)]


def encoded(tokens: list[str], text: str) -> list[str]:
    tokenizer = Tokenizer({token: number for number, token in enumerate(tokens)})
    return [tokens[number] for number in tokenizer.encode(text, 10_000)[1:-1]]


def test_specials_come_first_then_characters_then_pieces_by_frequency() -> None:
    tokens = vocabulary({"ab": 5, "abc": 4, "xc": 1}, 1000)
    assert tokens[:5] == list(SPECIAL)
    assert tokens[5:13] == ["a", "b", "c", "x", "##a", "##b", "##c", "##x"]
    assert tokens[13:] == ["ab", "abc"]  # what is there once is not joined


def test_pieces_that_words_share_are_learned_and_unseen_words_are_made_of_them() -> None:
    tokens = vocabulary(count_words(TEXTS), 100)
    assert {"##ing", "##ed", "walk"} <= set(tokens)
    assert encoded(tokens, "lacing")[-1] == "##ing"
    assert encoded(tokens, "laced")[-1] == "##ed"


def test_the_order_of_texts_and_words_does_not_matter() -> None:
    counts = count_words(TEXTS)
    mixed = list(counts.items())
    random.Random(5).shuffle(mixed)
    assert vocabulary(dict(mixed), 80) == vocabulary(counts, 80)
    assert count_words(reversed(TEXTS)) == counts


def test_it_is_as_large_as_is_asked_for_and_no_token_comes_twice() -> None:
    counts = count_words([*TEXTS, *(" ".join(a + b for a in VERBS for b in VERBS) for _ in "ab")])
    everything = vocabulary(counts, 5000)
    size = len(everything) - 20
    assert vocabulary(counts, size) == everything[:size]
    assert len(set(everything)) == len(everything)


def test_rare_characters_leave_room_for_pieces_and_their_words_are_unknown() -> None:
    counts = {**dict.fromkeys(map(chr, range(0x3B1, 0x3C9)), 1), "joy": 9, "joyful": 8}
    tokens = vocabulary(counts, 45)
    assert "joyful" in tokens
    assert sum("\u03b1" <= token <= "\u03c9" for token in tokens) == 4  # of 24
    assert encoded(tokens, "joyful \u03c8") == ["joyful", UNKNOWN]


def test_a_word_that_is_too_long_to_be_known_teaches_nothing() -> None:
    tokens = vocabulary({"ab" * 51: 9, "ab": 1}, 1000)
    assert tokens == [*SPECIAL, "a", "b", "##a", "##b"]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_nothing_is_unknown_to_the_vocabulary_of_its_own_text(texts: list[str]) -> None:
    counts = count_words(texts)
    tokens = vocabulary(counts, 5000)
    tokenizer = Tokenizer({token: number for number, token in enumerate(tokens)})
    for text in texts:
        assert tokens.index(UNKNOWN) not in tokenizer.encode(text, 200)
        whole = "".join(token.removeprefix(INSIDE) for token in encoded(tokens, text))
        assert whole == "".join(words(text))


@given(st.dictionaries(st.text("abc", min_size=1, max_size=8), st.integers(1, 9), max_size=12))
def test_pieces_are_joined_by_the_most_frequent_pair_as_one_by_one_counting_says(
    counts: dict[str, int],
) -> None:
    """The same, reckoned anew for each piece and without any index."""
    characters = sorted({char for word in counts for char in word})
    expected = [*SPECIAL, *characters, *(INSIDE + char for char in characters)]
    pieces = {word: [word[0], *(INSIDE + char for char in word[1:])] for word in counts}
    while True:
        pairs: dict[tuple[str, str], int] = {}
        for word, parts in pieces.items():
            for number in range(len(parts) - 1):
                pair = (parts[number], parts[number + 1])
                pairs[pair] = pairs.get(pair, 0) + counts[word]
        best = min(pairs, key=lambda pair: (-pairs[pair], pair), default=None)
        if best is None or pairs[best] < 2:
            break
        joined = best[0] + best[1].removeprefix(INSIDE)
        expected += [joined] if joined not in expected else []
        for parts in pieces.values():
            number = 0
            while number < len(parts) - 1:
                if (parts[number], parts[number + 1]) == best:
                    parts[number : number + 2] = [joined]
                number += 1
    assert vocabulary(counts, 1000) == expected
