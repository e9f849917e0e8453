"""What words alone tell of a review's verdict: logistic regression over a bag of words.

The same split as the pipeline's prepare job, by the hash of a document's id. What the small model
reads of a document, and so what it can be held against, is a part of it: the regression is given
the first words, the last ones, and all.

    python -m benchmarks.reviews_words [--data review_polarity.tar.gz]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from jobs.reviews.tokenizer import words
from penstock.datasets.reviews import records

SPLIT = (("train", 70), ("validation", 85), ("test", 100))  # percent, up to
READ: dict[str, Callable[[list[str]], list[str]]] = {
    "first 254 words": lambda found: found[:254],
    "last 254 words": lambda found: found[-254:],
    "first 510 words": lambda found: found[:510],
    "last 510 words": lambda found: found[-510:],
    "all words": lambda found: found,
}


@dataclass(frozen=True)
class Columns:
    """What the records' columns are called."""

    id_field: str = "id"
    text_field: str = "text"
    label_field: str = "label"


def main() -> None:
    """Print a JSON line for each part of a document."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--data", type=Path)
    _, found = records(parser.parse_args().data, Columns())
    split = split_by_id(found)
    for name, read in READ.items():
        sys.stdout.write(json.dumps({"read": name, **accuracy(split, read)}) + "\n")


def split_by_id(found: list[dict[str, Any]]) -> dict[str, list[tuple[list[str], int]]]:
    """Words and labels by channel, as penstock.channels.spread and the prepare job have it."""
    split: dict[str, list[tuple[list[str], int]]] = {name: [] for name, _ in SPLIT}
    for record in found:
        percent = int(hashlib.sha256(record["id"].encode()).hexdigest()[:8], 16) % 100
        channel = next(name for name, end in SPLIT if percent < end)
        split[channel].append((list(words(record["text"])), record["label"]))
    return split


def accuracy(
    split: dict[str, list[tuple[list[str], int]]], read: Callable[[list[str]], list[str]]
) -> dict[str, float]:
    """Rows and accuracy by channel that was not trained on."""
    bag = CountVectorizer(analyzer=read, binary=True)
    texts, labels = zip(*split["train"], strict=True)
    model = LogisticRegression(C=0.1, max_iter=2000).fit(bag.fit_transform(texts), labels)
    told: dict[str, float] = {}
    for channel in ("validation", "test"):
        texts, labels = zip(*split[channel], strict=True)
        told[f"{channel}_rows"] = len(labels)
        told[f"{channel}_accuracy"] = round(model.score(bag.transform(texts), labels), 4)
    return told


if __name__ == "__main__":
    main()
