"""Answers requests in Hugging Face's inference container: tokenise, classify, say how sure.

model_fn and transform_fn are what the container's toolkit looks for
(aws/sagemaker-huggingface-inference-toolkit, README). The same file runs on CPU, GPU, Inferentia2:
where there is a Neuron core it takes the compiled model.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import DistilBertForSequenceClassification

from jobs.reviews import forms
from jobs.reviews.compiled import STAND_IN, Compiled, load, report
from jobs.reviews.device import Device, kind_here, open_device
from jobs.reviews.tokenizer import Tokenizer

VOCABULARY, FORM = "vocab.txt", "tokenizer.json"
BATCH_TEXTS = 16


@dataclass(frozen=True)
class Classifier:
    """The model on its device, with what it needs to read text."""

    model: Any
    device: Device
    tokenizer: Tokenizer
    max_tokens: int

    def answers(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """Label, its score, all scores, and how many tokens were read, for each text."""
        read = [self.tokenizer.encode(text, self.max_tokens) for text in texts]
        scores: list[list[float]] = [[]] * len(read)
        # texts of about the same length share a batch: little of it is padding
        by_length = sorted(range(len(read)), key=lambda number: len(read[number]))
        for start in range(0, len(read), BATCH_TEXTS):
            some = by_length[start : start + BATCH_TEXTS]
            for number, row in zip(some, self._scores([read[at] for at in some]), strict=True):
                scores[number] = row
        return [_prediction(row, tokens=len(ids)) for row, ids in zip(scores, read, strict=True)]

    def _scores(self, read: list[list[int]]) -> list[list[float]]:
        is_compiled = isinstance(self.model, Compiled)
        # others need no longer rows than the longest text
        width = self.max_tokens if is_compiled else max(map(len, read))
        padding = self.tokenizer.padding
        filled = [ids + [padding] * (width - len(ids)) for ids in read]
        ids = torch.tensor(filled, dtype=torch.int64)
        mask = (ids != padding).long()
        with torch.inference_mode(), self.device.precision():
            if is_compiled:
                logits = self.model.logits(ids, mask)
            else:
                target = self.device.torch_device
                logits = self.model(input_ids=ids.to(target), attention_mask=mask.to(target)).logits
        found: list[list[float]] = logits.float().softmax(dim=1).cpu().tolist()
        return found


def model_fn(model_dir: str, context: Any = None) -> Classifier:
    """The model, warm: the first request need not wait for what the first pass prepares.

    `context` is the model server's; it says which GPU is this worker's.
    """
    folder = Path(model_dir)
    form = json.loads((folder / FORM).read_text(encoding="utf-8"))
    tokenizer = Tokenizer.load(folder / VOCABULARY)
    model: Any
    if _wants_compiled(folder):
        # the CPU's side of it: the compiled model goes to the Neuron core by itself
        device, model = Device("cpu", torch.device("cpu")), load(folder)
    else:
        gpu = None if context is None else context.system_properties.get("gpu_id")
        device = open_device(int(gpu or 0))
        model = DistilBertForSequenceClassification.from_pretrained(folder, local_files_only=True)
        model = model.to(device.torch_device).eval()
    if device.kind == "cpu":
        torch.set_num_threads(_threads())
    classifier = Classifier(model, device, tokenizer, int(form["max_tokens"]))
    # each program of a compiled model is loaded with its first batch
    for texts in model.batch_sizes if isinstance(model, Compiled) else (1,):
        classifier.answers(["warm " * classifier.max_tokens] * texts)
    return classifier


def transform_fn(
    model: Classifier, body: str | bytes | bytearray, content_type: str, accept: str
) -> str:
    """The answer; the toolkit takes no other type for it than what is accepted."""
    texts = forms.texts_of(body, content_type)
    return forms.written(model.answers(texts), content_type, accept)


def _threads() -> int:
    """This worker's share of the processors: threads of several workers only wait for each other.

    The container's model server has a worker for each processor unless it is told a number
    (awslabs/multi-model-server@706aa9c, ConfigManager.java).
    """
    processors = os.cpu_count() or 1
    workers = int(os.environ.get("SAGEMAKER_MODEL_SERVER_WORKERS") or processors)
    return max(1, processors // workers)


def _prediction(scores: list[float], tokens: int) -> dict[str, Any]:
    label = max(range(len(scores)), key=scores.__getitem__)
    rounded = [round(score, 6) for score in scores]
    return {
        "predicted_label": label,
        "score": rounded[label],
        "scores": rounded,
        "tokens": tokens,
    }


def _wants_compiled(folder: Path) -> bool:
    """Whether this machine has Neuron cores, or the model was compiled for one without."""
    if kind_here() == "neuron":
        return True
    found = report(folder)
    return found is not None and found["compiler"] == STAND_IN
