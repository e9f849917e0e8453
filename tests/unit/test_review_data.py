"""Reviews with a verdict: from the archive, from a folder, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from penstock.cli.data import records_to_send
from penstock.cli.errors import UsageError
from penstock.datasets import DatasetError, reviews
from pipelines import spec
from pipelines.digits import PIPELINE as DIGITS
from pipelines.reviews import RECORD

POLARITY = Path(__file__).parents[3] / "shared" / "data" / "text" / reviews.ARCHIVE
TEXTS = {
    "txt_sentoken/neg/cv000_2.txt": b"dull .\nvery dull .\n",
    "txt_sentoken/neg/cv001_9.txt": b"no .\n",
    "txt_sentoken/pos/cv000_1.txt": b"a joy .\n",
    "txt_sentoken/pos/cv001_3.txt": b"caf\xc3\xa9 .\n",
    "poldata.README.2.0": b"read me",
}
IDS = ["pos-cv000_1", "neg-cv000_2", "pos-cv001_3", "neg-cv001_9"]


def packed(folder: Path, files: Mapping[str, bytes], name: str = "some.tar.gz") -> Path:
    path = folder / name
    with tarfile.open(path, "w:gz") as archive:
        for member, content in files.items():
            entry = tarfile.TarInfo(member)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def unpacked(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        file = folder / "unpacked" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder / "unpacked"


def refused(path: Path) -> str:
    with pytest.raises(DatasetError) as caught:
        reviews.records(path, RECORD)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_archive_and_its_folder_hold_the_same_records_verdicts_in_turn(tmp_path: Path) -> None:
    source, found = reviews.records(packed(tmp_path, TEXTS), RECORD)
    assert source.endswith("some.tar.gz")
    assert [record["id"] for record in found] == IDS
    assert found[1] == {"id": "neg-cv000_2", "text": "dull .\nvery dull .\n", "label": 0}
    assert (found[2]["text"], found[2]["label"]) == ("café .\n", 1)
    folder = unpacked(tmp_path, TEXTS)
    for place in (folder, folder / "txt_sentoken"):
        assert reviews.records(place, RECORD)[1] == found


def test_records_have_the_names_of_the_schema(tmp_path: Path) -> None:
    renamed = spec.RecordSchema(
        id_field="number",
        label_field="stars",
        text_field="body",
        record_kb=64,
        fields=(
            spec.Field(name="number", type="string"),
            spec.Field(name="body", type="string"),
            spec.Field(name="stars", type="integer", minimum=0, maximum=1),
        ),
    )
    _, found = reviews.records(packed(tmp_path, TEXTS), renamed)
    assert {tuple(record) for record in found} == {("number", "body", "stars")}


def test_other_things_are_refused_with_what_is_expected(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no review; reviews are files neg/*.txt and pos/*.txt" in refused(empty)
    other = packed(tmp_path, {"data/a.csv": b"1,2\n"}, "other.tar.gz")
    assert "holds no review; reviews are files neg/*.txt and pos/*.txt" in refused(other)
    half = {name: text for name, text in TEXTS.items() if "pos" not in name}
    assert "all reviews are neg" in refused(packed(tmp_path, half, "half.tar.gz"))
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(b"no archive")
    assert "cannot be read as a .tar.gz" in refused(broken)
    whole = packed(tmp_path, TEXTS).read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])
    assert "cannot be read as a .tar.gz" in refused(broken)
    latin = {**TEXTS, "txt_sentoken/neg/cv000_2.txt": b"caf\xe9"}
    assert "neg/cv000_2.txt is not UTF-8 text" in refused(packed(tmp_path, latin, "latin.tar.gz"))
    large = {**TEXTS, "txt_sentoken/neg/cv000_2.txt": b"a" * (reviews.MOST_BYTES + 1)}
    assert "a review has 1000000 at most" in refused(packed(tmp_path, large, "large.tar.gz"))


@pytest.mark.parametrize("name", ["../../neg/out.txt", "/neg/out.txt", "txt/../../pos/out.txt"])
def test_an_archive_with_names_that_lead_out_is_refused(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "deep" / "inside"
    inside.mkdir(parents=True)
    path = packed(inside, {**TEXTS, name: b"out"})
    assert f"a name in it leads out of the archive, {name!r}" in refused(path)
    assert list(tmp_path.rglob("*.txt")) == []


def test_a_link_in_an_archive_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    path = packed(tmp_path, TEXTS)
    with tarfile.open(tmp_path / "link.tar.gz", "w:gz") as archive:
        with tarfile.open(path) as whole:
            for member in whole:
                archive.addfile(member, whole.extractfile(member))
        link = tarfile.TarInfo("txt_sentoken/neg/link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "secret.txt")
        archive.addfile(link)
    _, found = reviews.records(tmp_path / "link.tar.gz", RECORD)
    assert [record["id"] for record in found] == IDS


def test_the_sample_comes_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        reviews, "download", lambda _: packed(tmp_path, TEXTS, reviews.ARCHIVE).parent
    )
    source, found = reviews.records(None, RECORD)
    assert source == "the Polarity Dataset v2.0 of Pang and Lee: 4 reviews of films"
    assert len(found) == 4


def test_without_network_and_cache_one_line_says_what_to_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> Path:
        raise DatasetError(f"{name} cannot be downloaded")

    monkeypatch.setattr(reviews, "download", absent)
    with pytest.raises(DatasetError, match=r"cannot be downloaded; give the file.*with --data"):
        reviews.records(None, RECORD)


def test_data_of_a_command_may_be_the_archive_or_its_folder(tmp_path: Path) -> None:
    texts = DIGITS.model_copy(update={"record_schema": RECORD})
    for place in (packed(tmp_path, TEXTS), unpacked(tmp_path, TEXTS)):
        sending = records_to_send(texts, data=place, count=3, broken_count=0)
        assert len(sending.records) == 3 + 1
        assert sending.source == str(place)
    (tmp_path / "none").mkdir()
    with pytest.raises(UsageError, match=r"--data .*none: holds no review"):
        records_to_send(texts, data=tmp_path / "none", count=None, broken_count=0)
    with pytest.raises(UsageError, match=r"no such file; .*review_polarity.tar.gz or the folder"):
        records_to_send(texts, data=tmp_path / "absent", count=None, broken_count=0)


def test_a_text_in_a_file_keeps_its_own_lines(tmp_path: Path) -> None:
    texts = DIGITS.model_copy(update={"record_schema": RECORD})
    record = {"id": "a", "text": 'one\ntwo, "three"\u2028four\x0bfive', "label": 1}
    table, lines = tmp_path / "a.csv", tmp_path / "a.jsonl"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(record))
        writer.writeheader()
        writer.writerow(record)
    lines.write_text(json.dumps(record, ensure_ascii=False) + "\r\n\n", encoding="utf-8")
    for path in (table, lines):
        sending = records_to_send(texts, data=path, count=None, broken_count=0)
        assert json.loads(sending.records[0]) == record
    table.write_text("id,text,label\na," + "b" * 200_000 + ",1\n")
    with pytest.raises(UsageError, match="behind line 1: field larger than field limit"):
        records_to_send(texts, data=table, count=None, broken_count=0)


@pytest.mark.skipif(not POLARITY.is_file(), reason="needs ../shared/data/text")
def test_the_polarity_data_set_has_a_thousand_reviews_of_each_verdict() -> None:
    _, found = reviews.records(POLARITY, RECORD)
    assert len({record["id"] for record in found}) == 2000
    assert sum(record["label"] for record in found) == 1000
    assert found[0]["id"] == "neg-cv000_29416"
    assert found[0]["text"].startswith("plot : two teen couples go to a church party")
    assert all(RECORD.problem(record) is None for record in found)
