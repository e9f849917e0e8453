"""Text to token ids: WordPiece as BERT has it, in plain Python.

The same file runs in the Glue job that prepares the data, in training and behind the endpoint, so
that all three see the same ids: those of Hugging Face's BertWordPieceTokenizer (lower case,
accents taken off), as tests/torch/test_reviews_tokenizer_equal.py shows. One thing differs on
purpose: who writes [SEP] in a text has written signs and letters, and ends nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

PAD, UNKNOWN, BEGIN, END, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
SPECIAL = (PAD, UNKNOWN, BEGIN, END, MASK)
INSIDE = "##"  # begins a piece that goes on with a word
LONGEST_WORD = 100  # a longer one is unknown, as in BERT's own code
WORDS_REMEMBERED = 100_000

# CJK ideographs stand for themselves (google-research/bert, tokenization.py, _is_chinese_char)
_IDEOGRAPHS = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)

# all ASCII that is no letter, digit or blank counts as punctuation in BERT
_SIGNS = r"!-/:-@\[-`{-~"
_ASCII_SIGN = re.compile(f"[{_SIGNS}]")
_ASCII_PARTS = re.compile(f"[{_SIGNS}]|[^{_SIGNS}]+")


class VocabularyError(ValueError):
    """A vocabulary that no text can be encoded with."""


class Tokenizer:
    """Encodes texts by a vocabulary: token to id, in the order of vocab.txt."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        missing = [token for token in (PAD, UNKNOWN, BEGIN, END) if token not in vocabulary]
        if missing:
            raise VocabularyError(f"the vocabulary has no {', '.join(missing)}")
        self._ids = vocabulary
        self._unknown = vocabulary[UNKNOWN]
        self._pieces: dict[str, list[int]] = {}
        self.padding = vocabulary[PAD]

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        """Of a file vocab.txt; see vocabulary_of."""
        return cls(vocabulary_of(path.read_text(encoding="utf-8")))

    def encode(self, text: str, max_tokens: int) -> list[int]:
        """[CLS], the text's ids, [SEP]: `max_tokens` at most, the text's beginning cut off.

        Who reviews says at the end what to think: of the polarity reviews' last 254 tokens a
        bag of words tells 78 of 100 verdicts, of their first 254 67
        (benchmarks/reviews_words.py measures both).
        """
        found = [piece for word in words(text) for piece in self._word(word)]
        kept = found[max(0, len(found) - (max_tokens - 2)) :]
        return [self._ids[BEGIN], *kept, self._ids[END]]

    def padded(self, text: str, max_tokens: int) -> list[int]:
        """The same with [PAD] behind it, `max_tokens` long."""
        found = self.encode(text, max_tokens)
        return found + [self.padding] * (max_tokens - len(found))

    def _word(self, word: str) -> list[int]:
        known = self._pieces.get(word)
        if known is None:
            known = self._split(word)
            if len(self._pieces) < WORDS_REMEMBERED:
                self._pieces[word] = known
        return known

    def _split(self, word: str) -> list[int]:
        """The longest piece that fits, again and again; [UNK] for the whole if none does."""
        if len(word) > LONGEST_WORD:
            return [self._unknown]
        found: list[int] = []
        start = 0
        while start < len(word):
            before = INSIDE if start else ""
            for end in range(len(word), start, -1):
                piece = self._ids.get(before + word[start:end])
                if piece is not None:
                    break
            else:
                return [self._unknown]
            found.append(piece)
            start = end
        return found


def vocabulary_of(text: str) -> dict[str, int]:
    """Token to id, of the contents of vocab.txt: a token a line, its number from 0 is its id."""
    lines = text.split("\n")
    tokens = lines if lines[-1] else lines[:-1]
    return {token.rstrip("\r"): number for number, token in enumerate(tokens)}


def words(text: str) -> Iterator[str]:
    """The words and the signs of a text: lower case, without accents, blanks and controls."""
    for word in folded(text).split():
        plain = _without_accents(word.lower())
        if plain.isascii():
            yield from _ASCII_PARTS.findall(plain)
        else:
            yield from _parts(plain)


def folded(text: str) -> str:
    """The text in one line, its words apart by single blanks; it has the same tokens."""
    return " ".join(text.translate(_CLEANED).split())


class _Cleaned(dict[int, str]):
    """What becomes of a character; each is looked at once."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        if char in "\t\n\r" or category == "Zs":
            found = " "
        elif code in (0, 0xFFFD) or category in ("Cc", "Cf", "Co"):
            found = ""
        elif any(first <= code <= last for first, last in _IDEOGRAPHS):
            found = f" {char} "
        else:
            found = char
        self[code] = found
        return found


_CLEANED = _Cleaned()


def _parts(word: str) -> Iterator[str]:
    begin = 0
    for at, char in enumerate(word):
        if _is_sign(char):
            if begin < at:
                yield word[begin:at]
            yield char
            begin = at + 1
    if begin < len(word):
        yield word[begin:]


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    split = unicodedata.normalize("NFD", word)
    return "".join(char for char in split if unicodedata.category(char) != "Mn")


def _is_sign(char: str) -> bool:
    if char.isascii():
        return _ASCII_SIGN.fullmatch(char) is not None
    return unicodedata.category(char).startswith("P")
