"""The reviews' tokenizer beside Hugging Face's own: the same ids for any text."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from jobs.reviews.tokenizer import SPECIAL, Tokenizer

implementations = pytest.importorskip(
    "tokenizers.implementations", reason="tokenizers is not installed: run make test-torch"
)

LETTERS = string.ascii_lowercase + string.digits + string.punctuation
PIECES = ["good", "film", "##s", "##ing", "go", "un", "##watch", "##able", "e", "\u4f60", "\u00df"]
TOKENS = list(dict.fromkeys([*SPECIAL, *LETTERS, *(f"##{char}" for char in LETTERS), *PIECES]))
VOCABULARY = {token: number for number, token in enumerate(TOKENS)}
OURS = Tokenizer(VOCABULARY)
THEIRS = implementations.BertWordPieceTokenizer(VOCABULARY, lowercase=True)
LONG = 10_000

# what a text may be made of: words that the vocabulary splits, and characters from everywhere but
# the halves of surrogate pairs, which no UTF-8 has
WORDS = st.sampled_from(["good", "Films", "going", "unwatchable", "Caf\u00e9", "50%", "a" * 101])
TEXTS = st.lists(WORDS | st.text(st.characters(codec="utf-8"), max_size=8), max_size=30)


@settings(max_examples=500, deadline=None)
@example(["zero\u0000width\u200bspace", "\ufffd", "\u4f60\u597d", "\u2014", "\u00ad", "\u1e9e"])
@given(TEXTS)
def test_any_text_has_the_ids_that_hugging_faces_tokenizer_gives_it(parts: list[str]) -> None:
    text = " ".join(parts)
    assume(not any(token in text for token in SPECIAL))
    assert OURS.encode(text, LONG) == THEIRS.encode(text).ids


def test_the_name_of_a_special_token_in_a_text_is_text() -> None:
    assert THEIRS.encode("[SEP]").ids == [VOCABULARY["[CLS]"], *[VOCABULARY["[SEP]"]] * 2]
    letters = ["[", "s", "##e", "##p", "]"]
    assert OURS.encode("[SEP]", LONG)[1:-1] == [VOCABULARY[token] for token in letters]
