"""The classifier: DistilBERT with a head, from pretrained weights or from scratch."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from transformers import DistilBertConfig, DistilBertForSequenceClassification

from jobs.reviews.settings import Settings

TOKENIZER = "tokenizer"  # the channel, and the files in it
VOCABULARY, FORM = "vocab.txt", "tokenizer.json"
PRETRAINED = "pretrained"


def channel_folder(name: str) -> Path:
    """Where a channel's files are in File mode."""
    return Path(os.environ.get("OPT_ML", "/opt/ml")) / "input" / "data" / name


def is_pretrained() -> bool:
    """Whether the channel `pretrained` has weights: it is left out of jobs without."""
    return (channel_folder(PRETRAINED) / "config.json").is_file()


def begin(settings: Settings) -> Any:
    """The model that training begins with, the same in every process of the job.

    The channel `pretrained` has config.json and model.safetensors of a DistilBERT; without it the
    model is of the size that the settings say, and random. ValueError for a pretrained one that
    cannot read the rows.
    """
    torch.manual_seed(settings.seed)
    text = (channel_folder(TOKENIZER) / VOCABULARY).read_text(encoding="utf-8")
    tokens = len(text.rstrip("\n").split("\n"))
    if is_pretrained():
        return _pretrained(tokens, settings)
    return DistilBertForSequenceClassification(
        DistilBertConfig(
            vocab_size=tokens,
            max_position_embeddings=max_tokens(),
            n_layers=settings.layers,
            n_heads=settings.heads,
            dim=settings.hidden_size,
            hidden_dim=4 * settings.hidden_size,
            dropout=settings.dropout,
            attention_dropout=0.0,  # a third of the time on a CPU, and nothing the better for it
            seq_classif_dropout=settings.dropout,
            # as strong a signal from layer to layer as the full size has with its 0.02: a small
            # one with 0.02 does not begin to learn for epochs
            initializer_range=0.02 * (768 / settings.hidden_size) ** 0.5,
            num_labels=settings.labels,
        )
    )


def _pretrained(tokens: int, settings: Settings) -> Any:
    folder = channel_folder(PRETRAINED)
    config = DistilBertConfig.from_pretrained(folder, num_labels=settings.labels)
    for name, has, needs in (
        ("vocab_size", config.vocab_size, tokens),
        ("max_position_embeddings", config.max_position_embeddings, max_tokens()),
    ):
        if has < needs:
            raise ValueError(
                f"the pretrained model's {name} is {has}, and the prepared rows need {needs}: "
                "prepare them with the weights' own vocabulary (--vocabulary_uri) and with "
                f"--max_tokens {config.max_position_embeddings} or fewer"
            )
    return DistilBertForSequenceClassification.from_pretrained(
        folder, config=config, local_files_only=True
    ).float()


def max_tokens() -> int:
    """How long the rows are, as the prepare job has written it."""
    form = json.loads((channel_folder(TOKENIZER) / FORM).read_text(encoding="utf-8"))
    return int(form["max_tokens"])


def logits(model: Any, ids: Any) -> Any:
    """The scores before softmax of (rows, max_tokens) ids; padding, id 0, is not attended to."""
    return model(input_ids=ids, attention_mask=(ids != 0).long()).logits
