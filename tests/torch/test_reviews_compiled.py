"""Compilation of the reviews' classifier: the stand-in for the Neuron compiler, on the CPU."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: run make test-torch")
transformers = pytest.importorskip("transformers", reason="run make test-torch")

from jobs.reviews import compile as compiler  # noqa: E402
from jobs.reviews import inference  # noqa: E402
from jobs.reviews.compiled import COMPILED, REPORT, Compiled  # noqa: E402

ROOT = Path(__file__).parents[2]
MAX_TOKENS = 24
WORDS = [f"w{number}" for number in range(40)]
TEXTS = [" ".join(WORDS[: 1 + number % 40]) for number in range(37)]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a small trained model."""
    folder = tmp_path_factory.mktemp("plain")
    torch.manual_seed(3)
    config = transformers.DistilBertConfig(
        vocab_size=5 + len(WORDS),
        max_position_embeddings=MAX_TOKENS,
        n_layers=2,
        n_heads=2,
        dim=32,
        hidden_dim=64,
        num_labels=2,
    )
    model = transformers.DistilBertForSequenceClassification(config)
    # answers that differ from text to text
    model.classifier.weight.data.normal_(std=2.0)
    model.save_pretrained(folder)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    (folder / "tokenizer.json").write_text(
        json.dumps({"max_tokens": MAX_TOKENS, "lower_case": True})
    )
    return folder


def job(root: Path, plain: Path) -> Path:
    """/opt/ml of a job whose channel `model` has the artefact."""
    channel = root / "input" / "data" / "model"
    channel.mkdir(parents=True)
    with tarfile.open(channel / "model.tar.gz", "w:gz") as artefact:
        for path in sorted(plain.iterdir()):
            artefact.add(path, path.name)
    return root


@pytest.fixture
def container(plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPT_ML", str(tmp_path))
    monkeypatch.delenv(compiler.LOCAL, raising=False)
    return job(tmp_path, plain)


@pytest.fixture(scope="module")
def finished(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """/opt/ml/model of the job, run as the container runs it."""
    root = job(tmp_path_factory.mktemp("opt_ml"), plain)
    done = subprocess.run(
        [sys.executable, "-m", "jobs.reviews.compile", "--batch_sizes", "1,4,16"],
        env={**os.environ, "OPT_ML": str(root), "PYTHONPATH": str(ROOT), compiler.LOCAL: "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "stands in for the Neuron compiler" in done.stdout
    return root / "model"


@pytest.fixture
def compiled(finished: Path, tmp_path: Path) -> Path:
    """One's own copy."""
    return Path(shutil.copytree(finished, tmp_path / "compiled"))


@pytest.mark.parametrize("rows", [1, 3, 4, 16, 37])
def test_a_compiled_model_answers_as_the_plain_one_does(
    finished: Path, plain: Path, rows: int
) -> None:
    traced, trained = inference.model_fn(str(finished)), inference.model_fn(str(plain))
    assert isinstance(traced.model, Compiled)
    assert not isinstance(trained.model, Compiled)
    found, wanted = traced.answers(TEXTS[:rows]), trained.answers(TEXTS[:rows])
    scores = [answer["scores"][1] for answer in wanted]
    assert [answer["scores"][1] for answer in found] == pytest.approx(scores, abs=1e-5)
    assert [answer["tokens"] for answer in found] == [answer["tokens"] for answer in wanted]
    assert rows == 1 or max(scores) - min(scores) > 1e-3


def test_the_plain_files_stay_as_they_were(finished: Path, plain: Path) -> None:
    for path in plain.iterdir():
        assert (finished / path.name).read_bytes() == path.read_bytes()


def test_the_report_says_how_it_was_compiled(finished: Path) -> None:
    report = json.loads((finished / REPORT).read_text())
    assert report["compiler"] == "torch.jit"
    assert report["batch_sizes"] == [1, 4, 16]
    assert report["max_tokens"] == MAX_TOKENS
    assert report["greatest_difference"] <= report["tolerance"]
    assert report["versions"]["torch"] == torch.__version__
    assert report["seconds"] > 0


def test_without_a_compiler_the_job_fails(container: Path) -> None:
    with pytest.raises(compiler.CompilationError, match="torch_neuronx is not installed"):
        compiler.main(["--batch_sizes", "1"])
    assert not (container / "model").exists()


def test_a_model_that_answers_otherwise_once_compiled_is_not_kept(
    container: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(model: Any, example: tuple[Any, Any]) -> Any:
        blind = compiler.Classifier(model.model)
        blind.forward = lambda ids, mask: model(ids, mask) * 0.9  # type: ignore[method-assign]
        return torch.jit.trace(blind, example)

    monkeypatch.setattr(compiler, "compiler_here", lambda: (compiler.STAND_IN, careless))
    with pytest.raises(compiler.CompilationError, match="differs by"):
        compiler.main(["--batch_sizes", "1,16"])
    assert not (container / "model" / REPORT).exists()


def test_on_neuron_cores_a_plain_model_is_refused(
    finished: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "kind_here", lambda: "neuron")
    with pytest.raises(FileNotFoundError, match="not compiled for them"):
        inference.model_fn(str(plain))
    assert isinstance(inference.model_fn(str(finished)).model, Compiled)


def test_elsewhere_what_neuron_compiled_is_left_to_its_plain_weights(compiled: Path) -> None:
    report = json.loads((compiled / REPORT).read_text())
    (compiled / REPORT).write_text(json.dumps({**report, "compiler": "torch_neuronx"}))
    (compiled / COMPILED / "1x24.pt").unlink()
    assert not isinstance(inference.model_fn(str(compiled)).model, Compiled)
