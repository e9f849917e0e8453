"""Writes a small random reviews' model as a training would, and what it answers by itself.

`python small_classifier.py <folder> <texts.json>` in the environment that has PyTorch: the folder
becomes an /opt/ml with model/, and compiled/ in it one with what was compiled of it; answers.json
has the prediction for each text.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import sys
import tarfile
from pathlib import Path

from jobs.reviews import artifact, compile, inference, model
from jobs.reviews.device import open_device
from jobs.reviews.settings import Settings
from jobs.reviews.tokenizer import Tokenizer
from jobs.reviews.vocabulary import count_words, vocabulary

MAX_TOKENS = 48


def main(folder: Path, texts: list[str]) -> None:
    """Random weights, but for the head."""
    os.environ["OPT_ML"] = str(folder)
    channel = model.channel_folder(model.TOKENIZER)
    channel.mkdir(parents=True)
    tokens = vocabulary(count_words(texts), 400)
    (channel / model.VOCABULARY).write_text("\n".join(tokens) + "\n", encoding="utf-8")
    (channel / model.FORM).write_text(json.dumps({"max_tokens": MAX_TOKENS, "lower_case": True}))
    network = model.begin(Settings(layers=2, heads=2, hidden_size=32)).eval()
    reader = Tokenizer.load(channel / model.VOCABULARY)
    random = inference.Classifier(network, open_device(0), reader, MAX_TOKENS)
    odds = [math.log(one["scores"][1] / one["scores"][0]) for one in random.answers(texts)]
    # half of the texts get either label, and a text's scores are its own
    head, spread = network.classifier, statistics.pstdev(odds)
    head.bias.data[1] -= statistics.median(odds)
    head.weight.data /= spread
    head.bias.data /= spread
    artifact.write(network, training={})
    loaded = inference.model_fn(str(folder / "model"))
    answers = [loaded.answers([text])[0] for text in texts]
    (folder / "answers.json").write_text(json.dumps(answers))
    compiled(folder)


def compiled(folder: Path) -> None:
    """As the second training job does it in the local cloud."""
    os.environ |= {"OPT_ML": str(folder / "compiled"), compile.LOCAL: "1"}
    channel = model.channel_folder(compile.CHANNEL)
    channel.mkdir(parents=True)
    with tarfile.open(channel / compile.ARTEFACT, "w:gz") as archive:
        archive.add(folder / "model", arcname=".")
    compile.main(["--batch_sizes", "1,4"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()))
