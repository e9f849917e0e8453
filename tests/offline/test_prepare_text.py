"""The text job as a real Spark program: rows, split, vocabulary, and what it refuses."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.reviews.tokenizer import SPECIAL, Tokenizer, folded, words
from jobs.reviews.vocabulary import count_words, vocabulary
from penstock.datasets import reviews
from penstock.recordio import Reader
from pipelines.spec import Field, RecordSchema
from tests.offline.glue_lab import ROOT, GlueLab, library

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("text job")]

POLARITY = ROOT.parent / "shared" / "data" / "text" / reviews.ARCHIVE
MAX_TOKENS = 24
RECORDS = 240
COMMON = {
    "--id_column": "name",
    "--label_column": "stars",
    "--text_column": "body",
    "--max_tokens": str(MAX_TOKENS),
    "--vocabulary_size": "1000",
    "--training_hosts": "3",
}
SCHEMA = pa.schema([("name", pa.string()), ("body", pa.string()), ("stars", pa.int32())])
FILES = [
    *(f"train/part-{number:05d}.rec" for number in range(3)),
    *("validation/part-00000.rec", "test/part-00000.rec"),
    *("tokenizer/vocab.txt", "tokenizer/tokenizer.json"),
    *("holdout/test.csv", "holdout/test_features.jsonl"),
    *(f"baseline/part-{number:05d}.csv" for number in range(3)),
]
MODULES = ("jobs/reviews/tokenizer.py", "jobs/reviews/vocabulary.py")
WORDS = ["plot", "dull", "joyful", "acting", "caf\u00e9", "scenes,", "it's", "over-long", "Bright"]


def channel_of(name: str) -> str:
    """By the first 32 bits of the id's SHA-256, 70, 15 and 15 percent."""
    percent = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 100
    return "train" if percent < 70 else "validation" if percent < 85 else "test"


def review(number: int) -> dict[str, Any]:
    """Each has a word of its own, by which its channel can be told in a vocabulary."""
    name = f"r-{number:03d}"
    random = np.random.default_rng(number)
    own = f"{channel_of(name)}only" * 2
    some = random.choice(WORDS, random.integers(3, 30)).tolist()
    return {"name": name, "body": f"{own}\n{' '.join(some)} .\t \u00a0", "stars": number % 2}


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    return [review(number) for number in range(RECORDS)]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GlueLab]:
    cloud = GlueLab(tmp_path_factory.mktemp("texts"))
    try:
        yield cloud
    finally:
        cloud.close()


def put_parquet(cloud: GlueLab, key: str, records: list[dict[str, Any]]) -> None:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(records, SCHEMA), file)
    cloud.put(key, file.getvalue())


def shipped(cloud: GlueLab) -> tuple[str, str]:
    """Addresses of the script and of what travels beside it."""
    script = cloud.put("code/prepare_text.py", (ROOT / "jobs/prepare_text.py").read_bytes())
    zipped = library("recordio", "channels", "series", modules=MODULES)
    return script, cloud.put("code/penstock.zip", zipped)


@pytest.fixture(scope="module")
def prepared(cloud: GlueLab, records: list[dict[str, Any]]) -> dict[str, Any]:
    """The job run once: two files, in the second of which some records come again."""
    put_parquet(cloud, "records/year=2026/month=01/a.parquet", records[::2])
    put_parquet(cloud, "records/year=2026/month=02/b.parquet", [*records[1::2], *records[:20]])
    script, zipped = shipped(cloud)
    cloud.create_job("texts", script, DefaultArguments={"--extra-py-files": zipped, **COMMON})
    locations = {"--records_uri": "s3://lake/records/", "--output_uri": "s3://lake/prepared/1/"}
    run = cloud.run("texts", Arguments=locations)
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    return run


def rows(cloud: GlueLab, prefix: str) -> list[tuple[float, list[int]]]:
    """(label, ids) of every row below the prefix, in the order of the files."""
    found: list[tuple[float, list[int]]] = []
    for item in cloud.s3.list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", []):
        for x, y in Reader(io.BytesIO(cloud.get(item["Key"]))).batches(64):
            assert x.dtype == np.int32
            assert y is not None
            found += list(zip(y.tolist(), x.tolist(), strict=True))
    return found


def tokens(cloud: GlueLab, output: str) -> list[str]:
    return cloud.get(f"{output}tokenizer/vocab.txt").decode().splitlines()


def of_channel(records: list[dict[str, Any]], channel: str) -> list[dict[str, Any]]:
    return [record for record in records if channel_of(record["name"]) == channel]


@pytest.mark.usefixtures("prepared")
def test_rows_are_the_tokenizers_and_each_id_is_in_the_channel_of_its_hash(
    cloud: GlueLab, records: list[dict[str, Any]]
) -> None:
    found = tokens(cloud, "prepared/1/")
    tokenizer = Tokenizer({token: number for number, token in enumerate(found)})
    for channel in ("train", "validation", "test"):
        expected = [
            (float(record["stars"]), tokenizer.padded(record["body"], MAX_TOKENS))
            for record in of_channel(records, channel)
        ]
        written = rows(cloud, f"prepared/1/{channel}/")
        assert sorted(written) == sorted(expected), channel
        assert written != sorted(written)
    form = json.loads(cloud.get("prepared/1/tokenizer/tokenizer.json"))
    assert form == {"max_tokens": MAX_TOKENS, "lower_case": True}


@pytest.mark.usefixtures("prepared")
def test_the_vocabulary_knows_the_train_texts_alone(
    cloud: GlueLab, records: list[dict[str, Any]]
) -> None:
    found = tokens(cloud, "prepared/1/")
    assert found[:5] == list(SPECIAL)
    texts = [record["body"] for record in of_channel(records, "train")]
    assert found == vocabulary(count_words(texts), 1000)
    assert "trainonlytrainonly" in found
    assert not [token for token in found if "validationonly" in token or "testonly" in token]


@pytest.mark.usefixtures("prepared")
def test_held_out_texts_are_lines_and_requests_in_the_same_order(
    cloud: GlueLab, records: list[dict[str, Any]]
) -> None:
    text = cloud.get("prepared/1/holdout/test.csv").decode()
    lines = list(csv.DictReader(text.splitlines()))
    assert list(lines[0]) == ["id", "label", "text"]
    assert len(text.splitlines()) == 1 + len(lines)
    by_name = {record["name"]: record for record in of_channel(records, "test")}
    assert {line["id"] for line in lines} == set(by_name)
    for line in lines:
        assert line["text"] == folded(by_name[line["id"]]["body"])
        assert line["label"] == str(by_name[line["id"]]["stars"])
    requests = cloud.get("prepared/1/holdout/test_features.jsonl").decode().splitlines()
    assert [json.loads(request) for request in requests] == [
        {"text": line["text"]} for line in lines
    ]
    tokenizer = Tokenizer({token: n for n, token in enumerate(tokens(cloud, "prepared/1/"))})
    assert rows(cloud, "prepared/1/test/") == [
        (float(line["label"]), tokenizer.padded(line["text"], MAX_TOKENS)) for line in lines
    ]


@pytest.mark.usefixtures("prepared")
def test_the_baseline_says_length_and_label_of_each_train_row(cloud: GlueLab) -> None:
    for part in range(3):
        lines = cloud.get(f"prepared/1/baseline/part-{part:05d}.csv").decode().splitlines()
        expected = [
            f"{sum(number != 0 for number in ids)},{label:g}"
            for label, ids in rows(cloud, f"prepared/1/train/part-{part:05d}.rec")
        ]
        assert lines == ["tokens,predicted_label", *expected]


def test_the_summary_counts_what_was_read_and_written(
    prepared: dict[str, Any], cloud: GlueLab, records: list[dict[str, Any]]
) -> None:
    summary = json.loads(cloud.get("prepared/1/summary.json"))
    assert (summary["records_read"], summary["duplicates"]) == (RECORDS + 20, 20)
    for name, counted in summary["channels"].items():
        assert counted["records"] == len(of_channel(records, name))
        assert counted["parts"] == (3 if name == "train" else 1)
    assert summary["vocabulary"] == "learned"
    assert summary["vocabulary_tokens"] == len(tokens(cloud, "prepared/1/"))
    assert summary["holdout_uri"] == "s3://lake/prepared/1/holdout/test.csv"
    manifest = json.loads(cloud.get("prepared/1/_channels/train/manifest.json"))
    assert manifest["schema"] == {
        "features": ["body"],
        "width": MAX_TOKENS,
        "dtype": "int32",
        "label": "stars",
    }


@pytest.mark.usefixtures("prepared")
def test_other_files_and_partitions_give_the_same_bytes_and_failures_are_one_line(
    cloud: GlueLab, records: list[dict[str, Any]]
) -> None:
    """One Spark session runs the script several times: each start costs seconds."""
    order = np.random.default_rng(3).permutation(RECORDS)
    for part in range(4):
        put_parquet(cloud, f"other/deep/{part}.parquet", [records[n] for n in order[part::4]])
    given = "\r\n".join([*SPECIAL, *"abcdefghijklmnopqrstuvwxyz.,'-", "plot", "##s", ""])
    cloud.put("pretrained/vocab.txt", given.encode())
    cloud.put("pretrained/bad.txt", b"plot\nfilm\n")
    cloud.put("pretrained/model.safetensors", b"\xff\xfe\x00")
    cloud.put("pretrained/late.txt", "\n".join(["plot", *SPECIAL]).encode())
    put_parquet(
        cloud, "blank/a.parquet", [*records, {**records[0], "name": "b", "body": " \n\u200b"}]
    )
    put_parquet(cloud, "unknown/a.parquet", [*records, {**records[0], "name": "u", "stars": None}])
    put_parquet(cloud, "negative/a.parquet", [*records, {**records[0], "name": "n", "stars": -1}])
    put_parquet(cloud, "nameless/a.parquet", [*records, {**records[0], "name": None}])
    put_parquet(cloud, "few/a.parquet", records[:1])
    source = """
import sys, prepare_text
from penstock.channels import PrepareError

pretrained = "s3://lake/pretrained/"
lakes = ("empty", "blank", "unknown", "negative", "nameless", "few")
for name, more in (
    ("other", ["--vocabulary_uri", pretrained + "vocab"]),
    ("given", ["--vocabulary_uri", pretrained + "vocab.txt"]),
    ("bad", ["--vocabulary_uri", pretrained + "bad.txt"]),
    ("binary", ["--vocabulary_uri", pretrained + "model.safetensors"]),
    ("late", ["--vocabulary_uri", pretrained + "late.txt"]),
    ("long", ["--max_tokens", "513"]),
    ("small", ["--vocabulary_size", "999"]),
    *((name, []) for name in lakes),
):
    records = name if name in lakes else "other"
    uris = ["--records_uri", f"s3://lake/{records}/", "--output_uri", f"s3://lake/out/{name}/"]
    try:
        prepare_text.main([*sys.argv[1:], *uris, *more])
    except PrepareError as error:
        print("refused", name, error)
"""
    script, zipped = shipped(cloud)
    # portions of three rows, few partitions: texts with one id are spread over several portions
    conf = "spark.sql.execution.arrow.maxRecordsPerBatch=3 --conf spark.sql.shuffle.partitions=3"
    arguments = {"--extra-py-files": f"{zipped},{script}", "--conf": conf, **COMMON}
    cloud.script_job("several", source, DefaultArguments=arguments)
    run = cloud.run("several")
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    for key in FILES:
        assert cloud.get(f"out/other/{key}") == cloud.get(f"prepared/1/{key}"), key
    assert cloud.get("out/given/tokenizer/vocab.txt") == given.encode()
    summary = json.loads(cloud.get("out/given/summary.json"))
    assert summary["vocabulary"] == "s3://lake/pretrained/vocab.txt"
    names = given.split("\r\n")
    tokenizer = Tokenizer({token: number for number, token in enumerate(names[:-1])})
    assert sorted(rows(cloud, "out/given/test/")) == sorted(
        (float(record["stars"]), tokenizer.padded(record["body"], MAX_TOKENS))
        for record in of_channel(records, "test")
    )
    output = cloud.log(run["Id"], "output")
    refused = dict(line.split(" ", 2)[1:] for line in output if line.startswith("refused"))
    pretrained = "s3://lake/pretrained/"
    assert refused == {
        "bad": f"{pretrained}bad.txt: the vocabulary has no [PAD], [UNK], [CLS], [SEP]; "
        "give a vocab.txt as BERT has it",
        "binary": refused["binary"],
        "late": f"{pretrained}late.txt: [PAD] is token 1, and rows are filled up with 0: "
        "it must be the first one",
        "long": "--max_tokens is '513': expected a whole number from 8 to 512",
        "small": "--vocabulary_size is '999': expected a whole number from 1000 to 100000",
        "empty": "no records below s3://lake/empty/",
        "blank": "record b has no text in column body",
        "unknown": "record u has nan in column stars: a class is a whole number from 0",
        "negative": "record n has -1 in column stars: a class is a whole number from 0",
        "nameless": "1 records have no value in column name",
        "few": refused["few"],
    }
    assert "records are too few: nothing falls into" in refused["few"]
    assert "model.safetensors: 'utf-8' codec can't decode" in refused["binary"]
    for name in set(refused) - {"few"}:
        assert "Contents" not in cloud.s3.list_objects_v2(Bucket="lake", Prefix=f"out/{name}/")


@pytest.mark.skipif(not POLARITY.is_file(), reason="needs ../shared/data/text")
def test_real_reviews_are_split_evenly_and_their_words_are_known(cloud: GlueLab) -> None:
    schema = RecordSchema(
        id_field="name",
        label_field="stars",
        text_field="body",
        record_kb=64,
        fields=(
            Field(name="name", type="string"),
            Field(name="body", type="string"),
            Field(name="stars", type="integer", minimum=0, maximum=1),
        ),
    )
    _, found = reviews.records(POLARITY, schema)
    put_parquet(cloud, "polarity/a.parquet", found)
    script, zipped = shipped(cloud)
    given = {**COMMON, "--max_tokens": "256", "--vocabulary_size": "8000"}
    cloud.create_job("polarity", script, DefaultArguments={"--extra-py-files": zipped, **given})
    locations = {"--records_uri": "s3://lake/polarity/", "--output_uri": "s3://lake/prepared/2/"}
    run = cloud.run("polarity", Arguments=locations)
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    vocabulary_file = tokens(cloud, "prepared/2/")
    assert len(vocabulary_file) == 8000
    shares = {"train": 0.70, "validation": 0.15, "test": 0.15}
    for channel, share in shares.items():
        written = rows(cloud, f"prepared/2/{channel}/")
        expected = of_channel(found, channel)
        assert len(written) == len(expected)
        assert len(written) / len(found) == pytest.approx(share, abs=0.03)
        positive = sum(label for label, _ in written)
        assert positive == sum(record["stars"] for record in expected)
        assert positive / len(written) == pytest.approx(0.5, abs=0.06)
        ids = [number for _, row in written for number in row]
        assert ids.count(vocabulary_file.index("[UNK]")) < len(ids) / 1000
    # 1.15 pieces a word: what Hugging Face's trainer needs for these texts, too
    test_words = sum(len(list(words(record["body"]))) for record in of_channel(found, "test"))
    tokenizer = Tokenizer({token: number for number, token in enumerate(vocabulary_file)})
    pieces = sum(
        len(tokenizer.encode(record["body"], 10**6)) - 2 for record in of_channel(found, "test")
    )
    assert pieces / test_words == pytest.approx(1.15, abs=0.02)
