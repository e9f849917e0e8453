"""Channels of texts: a row is a text's token ids; held out, it is the text itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.channels.errors import PrepareError
from penstock.channels.layout import HOLDOUT, Layout
from penstock.channels.shard import Shard, write_csv
from penstock.recordio.spark.layout import SHARD
from penstock.recordio.spark.output_file import OutputFile
from penstock.recordio.spark.store import Store

BASELINE = "baseline"
FILES = re.compile(rf"{SHARD.pattern}|part-\d{{5,}}\.csv|test\.csv|test_features\.jsonl")


@dataclass(frozen=True, kw_only=True)
class TextLayout(Layout):
    """Beside the channels of `max_tokens` ids a row there is baseline/part-00000.csv and so on.

    It says of each row to train on how many tokens its text has, and its label, by the names that
    answers have for them: what a monitor compares answers with. `feature_columns` is the text's
    column.
    """

    max_tokens: int

    @property
    def folders(self) -> tuple[str, ...]:
        """What lies below the output."""
        return (*self.channels, HOLDOUT, BASELINE)

    @property
    def holdout_features(self) -> str:
        """The held-out texts as a batch transform reads them."""
        return f"{HOLDOUT}/test_features.jsonl"

    @property
    def row(self) -> dict[str, Any]:
        """What a channel's manifest says of a row, besides its label."""
        return {"features": list(self.feature_columns), "width": self.max_tokens, "dtype": "int32"}


class TextShard(Shard):
    """A group's texts in the making.

    Args:
        group: its number.
        layout: the files of the run.
        store: where they are.
        encode: a text's ids, `max_tokens` of the layout at most.
        folded: a text in one line.
    """

    def __init__(
        self,
        group: int,
        layout: TextLayout,
        store: Store,
        *,
        encode: Callable[[str, int], list[int]],
        folded: Callable[[str], str],
    ) -> None:
        super().__init__(group, layout, store)
        self._max_tokens = layout.max_tokens
        self._encode, self._folded = encode, folded
        part = layout.channel_and_part(group)[1]
        self._baseline = OutputFile(store, f"{BASELINE}/part-{part:05d}.csv")
        self._files.append(self._baseline)

    def _features(self, column: pa.Array) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
        return found

    def _check(
        self, ids: npt.NDArray[Any], labels: npt.NDArray[Any], features: npt.NDArray[Any]
    ) -> None:
        for name, label, text in zip(ids, labels, features, strict=True):
            # a null label is NaN by now
            if not (label >= 0 and float(label).is_integer()):
                raise PrepareError(
                    f"record {name} has {label:g} in column {self.layout.label_column}: "
                    "a class is a whole number from 0"
                )
            if text is None or not self._folded(text):
                raise PrepareError(
                    f"record {name} has no text in column {self.layout.feature_columns[0]}"
                )

    def _append(self, labels: npt.NDArray[Any], features: npt.NDArray[Any]) -> None:
        rows = np.zeros((len(features), self._max_tokens), np.int32)  # 0 is padding
        lengths = []
        for row, text in zip(rows, features, strict=True):
            ids = self._encode(text, self._max_tokens)
            row[: len(ids)] = ids
            lengths.append(len(ids))
        self._records.add(rows, labels)
        if self.channel == self.layout.channels[0]:
            if not self._baseline.rows:
                write_csv(self._baseline, [["tokens", "predicted_label"]])
            pairs = zip(lengths, labels, strict=True)
            write_csv(self._baseline, [[str(length), f"{label:g}"] for length, label in pairs])
            self._baseline.rows += len(lengths)

    def _hold_out(
        self, ids: npt.NDArray[Any], labels: npt.NDArray[Any], features: npt.NDArray[Any]
    ) -> None:
        if not self._holdout.rows:
            write_csv(self._holdout, [["id", "label", "text"]])
        texts = [self._folded(text) for text in features]
        write_csv(
            self._holdout,
            [
                [name, f"{label:g}", text]
                for name, label, text in zip(ids, labels, texts, strict=True)
            ],
        )
        self._requests.write("".join(json.dumps({"text": text}) + "\n" for text in texts).encode())
        for file in (self._holdout, self._requests):
            file.rows += len(texts)
