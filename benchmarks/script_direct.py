"""The reviews' program called directly, in the environment that has PyTorch: what serving adds to.

`python -m benchmarks.script_direct <folder> <layers> <hidden size> <request.json>` fills model/ in
the folder with random weights and says `ready`; then each line of its input, a number, is answered
with the median seconds of so many calls.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from pathlib import Path

from jobs.reviews import artifact, inference, model
from jobs.reviews.settings import Settings
from jobs.reviews.vocabulary import count_words, vocabulary

MAX_TOKENS = 512


def main(folder: Path, layers: int, hidden_size: int, body: str) -> None:
    """Until the input ends."""
    os.environ["OPT_ML"] = str(folder)
    channel = model.channel_folder(model.TOKENIZER)
    channel.mkdir(parents=True)
    tokens = vocabulary(count_words([json.loads(body)["text"]]), 8000)
    (channel / model.VOCABULARY).write_text("\n".join(tokens) + "\n", encoding="utf-8")
    (channel / model.FORM).write_text(json.dumps({"max_tokens": MAX_TOKENS, "lower_case": True}))
    settings = Settings(layers=layers, hidden_size=hidden_size, heads=hidden_size // 32)
    artifact.write(model.begin(settings), training={})
    loaded = inference.model_fn(str(folder / "model"))
    _say("ready")
    for line in sys.stdin:
        took = []
        for _ in range(int(line)):
            started = time.perf_counter()
            inference.transform_fn(loaded, body, "application/json", "application/json")
            took.append(time.perf_counter() - started)
        _say(str(statistics.median(took)))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]).read_text())
