"""The reviews' tokenizer: words, pieces, padding, vocabularies."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.reviews.tokenizer import (
    SPECIAL,
    Tokenizer,
    VocabularyError,
    folded,
    words,
)

TOKENS = [*SPECIAL, "a", "good", "film", "##s", "##ing", "go", ".", "!"]
TOKENIZER = Tokenizer({token: number for number, token in enumerate(TOKENS)})


def ids(*tokens: str) -> list[int]:
    return [TOKENS.index(token) for token in tokens]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A good film.", ["a", "good", "film", "."]),
        ("don't", ["don", "'", "t"]),
        ("Caf\u00e9\tau\u00a0lait", ["cafe", "au", "lait"]),
        ("zero\u0000width\u200bspace", ["zerowidthspace"]),
        ("\u4f60\u597d", ["\u4f60", "\u597d"]),
        ("50% \u2014 off", ["50", "%", "\u2014", "off"]),
        ("  ", []),
    ],
)
def test_a_text_is_words_and_signs(text: str, found: list[str]) -> None:
    assert list(words(text)) == found


def test_the_longest_piece_goes_first_and_what_none_fits_is_unknown() -> None:
    assert TOKENIZER.encode("Films going xyz!", 9) == ids(
        "[CLS]", "film", "##s", "go", "##ing", "[UNK]", "!", "[SEP]"
    )
    assert TOKENIZER.encode("a" * 101, 9) == ids("[CLS]", "[UNK]", "[SEP]")


def test_a_long_text_loses_its_beginning_and_a_short_one_is_padded() -> None:
    assert TOKENIZER.encode("a good film", 3) == ids("[CLS]", "film", "[SEP]")
    assert TOKENIZER.padded("a", 5) == ids("[CLS]", "a", "[SEP]", "[PAD]", "[PAD]")


def test_a_vocabulary_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join(TOKENS) + "\n", encoding="utf-8")
    assert Tokenizer.load(file).encode("a film", 5) == TOKENIZER.encode("a film", 5)


def test_a_vocabulary_without_its_specials_is_refused() -> None:
    with pytest.raises(VocabularyError, match=r"no \[UNK\], \[CLS\], \[SEP\]"):
        Tokenizer({"[PAD]": 0})


@given(st.text(max_size=60))
def test_a_folded_text_is_one_line_of_the_same_words(text: str) -> None:
    line = folded(text)
    assert len(line.splitlines()) <= 1
    assert line == " ".join(line.split())
    assert list(words(line)) == list(words(text))
