"""Compiles a trained classifier for Inferentia2: `python compile.py --batch_sizes 1,16`.

The channel `model` has the trained artefact; the job's own has the same files and, beside them,
model.neuron/ and compile.json. Shapes are fixed: a program for each batch size, of the length that
the model was trained for (AWS Neuron documentation, torch_neuronx.trace).

On a machine without Neuron, penstock's local cloud, torch.jit.trace stands in for the compiler:
then, and only then, PENSTOCK_LOCAL is set.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import DistilBertForSequenceClassification

from jobs.reviews.compiled import COMPILED, NEURON, REPORT, STAND_IN, Compiled, file_name
from jobs.reviews.model import FORM, channel_folder

CHANNEL, ARTEFACT = "model", "model.tar.gz"
LOCAL = "PENSTOCK_LOCAL"
# matrices are multiplied in bfloat16, as in training on these chips; all else stays float32
COMPILER_ARGUMENTS = (
    *("--target", "inf2", "--model-type", "transformer"),
    *("--auto-cast", "matmult", "--auto-cast-type", "bf16"),
)
# how far an answer, a share of 1, may be from the plain model's: bfloat16 has 8 bits
TOLERANCES = {NEURON: 0.02, STAND_IN: 1e-4}
EXAMPLES = 40
Trace = Callable[[Any, tuple[Any, Any]], Any]


class CompilationError(RuntimeError):
    """A model that cannot be compiled here, or answers otherwise than before."""


class Classifier(torch.nn.Module):
    """The model as compilers want it: tensors in, one tensor out."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Any, mask: Any) -> Any:
        """The scores before softmax."""
        return self.model(input_ids=ids, attention_mask=mask).logits


def main(arguments: list[str]) -> int:
    """Compile, compare with the plain model, keep both; the exit code."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--batch_sizes", type=_sizes, required=True)
    sizes: tuple[int, ...] = parser.parse_args(arguments).batch_sizes
    compiler, trace = compiler_here()
    folder = Path(os.environ.get("OPT_ML", "/opt/ml")) / "model"
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(channel_folder(CHANNEL) / ARTEFACT) as artefact:
        artefact.extractall(folder, filter="data")
    max_tokens = int(json.loads((folder / FORM).read_text(encoding="utf-8"))["max_tokens"])
    # plain attention: operators that every compiler knows
    model = DistilBertForSequenceClassification.from_pretrained(
        folder, local_files_only=True, attn_implementation="eager"
    )
    classifier = Classifier(model.eval().requires_grad_(False))
    ids, mask = examples(model.config.vocab_size, max_tokens)
    wanted = classifier(ids, mask).softmax(dim=1)
    began = time.perf_counter()
    compiled = Compiled(
        {size: compiled_for((size, max_tokens), classifier, trace, folder) for size in sizes},
        max_tokens,
    )
    seconds = time.perf_counter() - began
    found = compiled.logits(ids, mask).float().softmax(dim=1)
    difference = float((found - wanted).abs().max())
    tolerance = TOLERANCES[compiler]
    print(
        f"compiler={compiler} batch_sizes={','.join(map(str, sizes))} max_tokens={max_tokens} "
        f"compile_seconds={seconds:.1f} greatest_difference={difference:.2e} "
        f"tolerance={tolerance:g}",
        flush=True,
    )
    if not difference <= tolerance:
        raise CompilationError(
            f"an answer of the compiled model differs by {difference:.2e} from the plain model's, "
            f"which is more than {tolerance:g}: it is not kept"
        )
    document = {
        "compiler": compiler,
        "compiler_arguments": list(COMPILER_ARGUMENTS) if compiler == NEURON else [],
        "batch_sizes": list(sizes),
        "max_tokens": max_tokens,
        "seconds": round(seconds, 3),
        "examples": EXAMPLES,
        "greatest_difference": difference,
        "tolerance": tolerance,
        "versions": _versions(),
    }
    (folder / REPORT).write_text(json.dumps(document, indent=2), encoding="utf-8")
    return 0


def compiler_here() -> tuple[str, Trace]:
    """The compiler's name and itself.

    Raises:
        CompilationError: there is none, and this is not penstock's local cloud.
    """
    if importlib.util.find_spec("torch_neuronx") is not None:
        import torch_neuronx

        return NEURON, lambda model, example: torch_neuronx.trace(
            model,
            example,
            compiler_args=list(COMPILER_ARGUMENTS),
            inline_weights_to_neff=True,
        )
    if not os.environ.get(LOCAL):
        raise CompilationError(
            "torch_neuronx is not installed: this job runs in the neuronx training image of "
            "SageMaker's Hugging Face containers, on trn1"
        )
    print(f"{LOCAL} is set: torch.jit.trace on the CPU stands in for the Neuron compiler")
    return STAND_IN, torch.jit.trace


def compiled_for(shape: tuple[int, int], classifier: Any, trace: Trace, folder: Path) -> Any:
    """The program for (texts, tokens), kept below the folder and read again from there."""
    example = (torch.ones(shape, dtype=torch.int64), torch.ones(shape, dtype=torch.int64))
    place = folder / COMPILED / file_name(*shape)
    place.parent.mkdir(exist_ok=True)
    torch.jit.save(trace(classifier, example), place)
    return torch.jit.load(place)


def examples(vocabulary_size: int, max_tokens: int) -> tuple[Any, Any]:
    """Ids and mask of texts of every length, the same each time."""
    chosen = torch.Generator().manual_seed(1)
    lengths = torch.linspace(2, max_tokens, EXAMPLES).long()
    mask = (torch.arange(max_tokens) < lengths[:, None]).long()
    ids = torch.randint(1, vocabulary_size, mask.shape, generator=chosen)
    return ids * mask, mask


def _sizes(text: str) -> tuple[int, ...]:
    found = tuple(int(part) for part in text.split(","))
    if any(size < 1 for size in found):
        raise argparse.ArgumentTypeError(f"{text}: numbers of texts, such as 1,16")
    return found


def _versions() -> dict[str, str]:
    """Of what had a hand in it, as far as it is installed."""
    found = {}
    for name in ("torch", "transformers", "torch-neuronx", "neuronx-cc"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
