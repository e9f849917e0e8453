"""The model as it is kept: weights, configuration, vocabulary, and the program that answers."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers

from jobs.reviews.model import FORM, TOKENIZER, VOCABULARY, channel_folder

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# what answers: inference.py where the container looks for it, and what it imports
PROGRAM = ("inference.py", "forms.py", "tokenizer.py", "device.py", "compiled.py")


def write(model: Any, *, training: Mapping[str, Any]) -> None:
    """Fill /opt/ml/model, which becomes model.tar.gz; `training` is kept as training.json."""
    folder = Path(os.environ.get("OPT_ML", "/opt/ml")) / "model"
    model.to("cpu").save_pretrained(folder, safe_serialization=True)
    for name in (VOCABULARY, FORM):
        shutil.copyfile(channel_folder(TOKENIZER) / name, folder / name)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    document = json.dumps({**training, "versions": versions}, indent=2)
    (folder / "training.json").write_text(document, encoding="utf-8")
    code = folder / "code"
    package = code / HERE.relative_to(ROOT)
    package.mkdir(parents=True, exist_ok=True)
    for name in PROGRAM:
        shutil.copyfile(HERE / name, package / name)
    shutil.copyfile(HERE / "inference.py", code / "inference.py")
