"""The Glue job that turns the lake's records into training channels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import Field as Described
from pydantic import field_validator, model_validator

from penstock.catalog import runtimes
from pipelines.spec.base import Spec, refusal, within

ROOT = Path(__file__).parents[2]
LEAST_DEVIATION_POINTS = 3
_ARGUMENT = re.compile(r"[a-z][a-z0-9_]*")
# what the project's own jobs write; of another script nothing is known
_RECORDIO = "application/x-recordio-protobuf"
TEXT_JOB = "jobs/prepare_text.py"
_WRITES = {
    "jobs/prepare_records.py": _RECORDIO,
    "jobs/prepare_series.py": _RECORDIO,
    TEXT_JOB: _RECORDIO,
}
_MODULES = {TEXT_JOB: ("jobs/reviews/tokenizer.py", "jobs/reviews/vocabulary.py")}
# least and most of a text's arguments; DistilBERT has 512 positions (its config.json,
# max_position_embeddings), and a row holds [CLS] and [SEP] besides the text
TEXT_ARGUMENTS = {"max_tokens": (8, 512), "vocabulary_size": (1000, 100_000)}

# what the stack and the state machine tell every job
_GIVEN = (
    *("records_uri", "output_uri", "feature_columns", "window_points", "row"),
    *("id_column", "series_column", "time_column", "label_column", "text_column"),
    *("training_hosts", "vocabulary_uri"),
)


class Prepare(Spec):
    """A PySpark job. `script` is a path below the repository's root, such as jobs/x.py.

    It is told where the records are, where its output goes and which columns are what;
    `arguments` are its own, without the dashes. In a time series so many consecutive points
    (`window_points`) make one `row` of the training data: "points", their values, or "deviation",
    how far the last of them lies from the mean of the others, in standard deviations of these.
    """

    script: str
    arguments: Mapping[str, str] = {}
    window_points: Annotated[int, Described(ge=1, le=1000)] = 1
    row: Literal["points", "deviation"] = "points"
    glue_version: str = "5.1"
    worker_type: str = "G.1X"
    workers: Annotated[int, within("glue.workers")] = 2
    timeout_minutes: Annotated[int, within("glue.timeout_minutes")] = 60

    @property
    def content_type(self) -> str | None:
        """The form of the channels that the job writes; None of a script of one's own."""
        return _WRITES.get(self.script)

    @property
    def reads_text(self) -> bool | None:
        """Whether the job reads a text of each record; None of a script of one's own."""
        return self.script == TEXT_JOB if self.script in _WRITES else None

    @property
    def modules(self) -> tuple[str, ...]:
        """What the job imports besides the library: files below the repository's root."""
        return _MODULES.get(self.script, ())

    @field_validator("script")
    @classmethod
    def _check_script(cls, value: str) -> str:
        path = PurePosixPath(value)
        inside = not path.is_absolute() and ".." not in path.parts
        if not inside or path.suffix != ".py" or not (ROOT / path).is_file():
            raise refusal(
                value,
                rule="the script must be an existing Python file below the repository's root",
                source="pipelines.spec.Prepare",
                remedy="write it as jobs/<name>.py",
            )
        return value

    @field_validator("arguments")
    @classmethod
    def _check_arguments(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for name in value:
            if not _ARGUMENT.fullmatch(name) or name in _GIVEN:
                raise refusal(
                    name,
                    rule="an argument's name is lower case with _, and none that every job is told",
                    source="pipelines.spec.Prepare",
                    remedy="use a name of its own, without dashes, such as shingle_size",
                )
        return value

    @model_validator(mode="after")
    def _check_text_arguments(self) -> Prepare:
        if self.script != TEXT_JOB:
            return self
        for name, value in self.arguments.items():
            if name not in (*TEXT_ARGUMENTS, "split", "train_shards"):
                raise refusal(
                    name,
                    rule=f"arguments: {TEXT_JOB} has no such one and would not look at it",
                    source=TEXT_JOB,
                    remedy=f"use {', '.join(TEXT_ARGUMENTS)}, split or train_shards",
                )
            if name not in TEXT_ARGUMENTS:
                continue
            least, most = TEXT_ARGUMENTS[name]
            if not value.isdecimal() or not least <= int(value) <= most:
                raise refusal(
                    value,
                    rule=f"arguments.{name}: expected a whole number",
                    source=f"{TEXT_JOB}; DistilBERT has 512 positions",
                    remedy=f"use {least} to {most}",
                )
        return self

    @model_validator(mode="after")
    def _check_row(self) -> Prepare:
        if self.row == "deviation" and self.window_points < LEAST_DEVIATION_POINTS:
            raise refusal(
                self.window_points,
                rule="window_points: a deviation is from a mean of points before, and in their "
                "standard deviation",
                source="penstock/series/rows.py",
                remedy=f"use {LEAST_DEVIATION_POINTS} or more, or row='points'",
            )
        return self

    @field_validator("glue_version")
    @classmethod
    def _check_version(cls, value: str) -> str:
        if value not in runtimes.glue_versions():
            raise refusal(
                value,
                rule="the shipped code is tested against the Glue versions of the catalog only",
                source="penstock/catalog/data/runtimes.json",
                remedy=f"use {' or '.join(runtimes.glue_versions())}",
            )
        return value

    @model_validator(mode="after")
    def _check_worker_type(self) -> Prepare:
        known = runtimes.glue(self.glue_version)
        types = known.worker_types
        if types is not None and self.worker_type not in types:
            raise refusal(
                self.worker_type,
                rule=f"worker_type is none that a Glue {self.glue_version} Spark job can have",
                source=known.citation,
                remedy=f"use one of {', '.join(types)}",
            )
        return self
