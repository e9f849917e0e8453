"""docs/recordio.md: what it shows of the codec runs, in the order of the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "recordio.md").read_text()
CODEC = PAGE.partition("\n## Command line\n")[0]


def test_the_examples_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", CODEC, re.S)
    assert len(blocks) >= 5
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "docs/recordio.md", "exec"), names)
    printed = capsys.readouterr().out
    assert "(300, 20)" in printed
    assert "['source', 'target'] [] 1\n" in printed
    assert "[] ['predicted_label', 'score'] None\n" in printed
    assert "fixed_size_list<item: double>[2]" in printed
