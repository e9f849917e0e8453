"""What a pipeline of texts must say before its prepare job can run."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.spec import Pipeline, Prepare, refusal_lines
from tests.unit.test_spec_refusals import PIPELINE

SCRIPT = "jobs/prepare_text.py"
RECORD: dict[str, Any] = {
    "id_field": "id",
    "label_field": "kind",
    "text_field": "text",
    "record_kb": 64,
    "fields": (
        {"name": "id", "type": "string"},
        {"name": "text", "type": "string"},
        {"name": "kind", "type": "integer", "minimum": 0, "maximum": 2},
    ),
}


def refused(part: type[Any], given: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as caught:
        part.model_validate(given)
    (line,) = refusal_lines(caught.value)
    return line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"max_tokens": "513"}, "'513': arguments.max_tokens: expected a whole number"),
        ({"max_tokens": "7"}, "use 8 to 512"),
        ({"max_tokens": "many"}, "use 8 to 512"),
        ({"vocabulary_size": "999"}, "use 1000 to 100000"),
        ({"vocabulary_size": "100001"}, "arguments.vocabulary_size"),
        ({"max_token": "256"}, "would not look at it"),
        ({"vocabulary_uri": "s3://a/vocab.txt"}, "none that every job is told"),
    ],
)
def test_arguments_that_the_job_would_refuse_or_overlook(
    arguments: dict[str, str], says: str
) -> None:
    assert says in refused(Prepare, {"script": SCRIPT, "arguments": arguments})


def test_the_jobs_own_arguments_are_taken() -> None:
    arguments = {
        "max_tokens": "512",
        "vocabulary_size": "1000",
        "split": "80,10,10",
        "train_shards": "4",
    }
    prepare = Prepare(script=SCRIPT, arguments=arguments)
    assert prepare.content_type == "application/x-recordio-protobuf"
    assert prepare.modules == ("jobs/reviews/tokenizer.py", "jobs/reviews/vocabulary.py")
    assert Prepare(script="jobs/prepare_records.py").modules == ()


def test_a_job_that_reads_numbers_gets_no_text_and_one_that_reads_text_gets_it() -> None:
    line = refused(Pipeline, {**PIPELINE, "record_schema": RECORD})
    assert "prepare.script: it reads numbers alone, and text is text" in line
    assert f"use {SCRIPT}" in line
    line = refused(Pipeline, {**PIPELINE, "prepare": {"script": SCRIPT}})
    assert "record_schema.text_field: jobs/prepare_text.py reads texts" in line
    unlabelled = {**RECORD, "label_field": None, "fields": RECORD["fields"][:2]}
    line = refused(
        Pipeline, {**PIPELINE, "record_schema": unlabelled, "prepare": {"script": SCRIPT}}
    )
    assert "record_schema.label_field: jobs/prepare_text.py reads texts" in line
