"""The registry finds a pipeline in any module of pipelines/, and digits is what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import pipelines
from pipelines import registry

ROOT = Path(__file__).parents[2]


def test_digits_is_real_data_in_its_own_schema() -> None:
    digits = registry.load()["digits"]
    records = list(digits.sample().records)
    assert len(records) == 1797
    assert len({record["id"] for record in records}) == 1797
    assert records[1]["id"] == "digit-0001"
    assert all(digits.record_schema.problem(record) is None for record in records)


def test_a_pipelines_file_is_short() -> None:
    for path in set((ROOT / "pipelines").glob("*.py")) - {Path(registry.__file__)}:
        assert len(path.read_text().splitlines()) <= 120, path.name


def test_a_new_module_is_found_without_any_other_edit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (ROOT / "pipelines" / "digits.py").read_text()
    (tmp_path / "numerals.py").write_text(source.replace('name="digits"', 'name="numerals"'))
    before = registry.load()
    monkeypatch.setattr(pipelines, "__path__", [*pipelines.__path__, str(tmp_path)])
    assert list(registry.load()) == sorted([*before, "numerals"])
    monkeypatch.delitem(sys.modules, "pipelines.numerals")


def test_one_name_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "twin.py").write_text((ROOT / "pipelines" / "digits.py").read_text())
    monkeypatch.setattr(pipelines, "__path__", [*pipelines.__path__, str(tmp_path)])
    with pytest.raises(registry.DuplicatePipelineError, match="'digits'; rename one"):
        registry.load()
    monkeypatch.delitem(sys.modules, "pipelines.twin")


def test_descriptions_load_without_the_data_or_the_cdk() -> None:
    code = (
        "import sys; from pipelines.registry import load; load();"
        "assert not {'sklearn', 'aws_cdk', 'boto3'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_a_pipeline_may_offer_accelerators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (ROOT / "pipelines" / "digits.py").read_text().replace('name="digits"', 'name="more"')
    offer = """
ACCELERATORS = {"small": PIPELINE, "large": PIPELINE.model_copy(update={"description": "large"})}
"""
    (tmp_path / "more.py").write_text(source + offer)
    monkeypatch.setattr(pipelines, "__path__", [*pipelines.__path__, str(tmp_path)])
    assert list(registry.accelerators("more")) == ["small", "large"]
    assert registry.accelerators("digits") == {}
    assert registry.load()["more"].description != "large"
    found = registry.load("large")
    assert found["more"].description == "large"
    assert found["digits"] == registry.load()["digits"]
    monkeypatch.delitem(sys.modules, "pipelines.more")


def test_what_is_deployed_by_default_is_one_of_the_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (ROOT / "pipelines" / "digits.py").read_text().replace('name="digits"', 'name="odd"')
    offer = """
ACCELERATORS = {"large": PIPELINE.model_copy(update={"description": "large"})}
"""
    (tmp_path / "odd.py").write_text(source + offer)
    monkeypatch.setattr(pipelines, "__path__", [*pipelines.__path__, str(tmp_path)])
    with pytest.raises(ValueError, match=r"pipelines\.odd: PIPELINE is none of its ACCELERATORS"):
        registry.load()
    monkeypatch.delitem(sys.modules, "pipelines.odd")
