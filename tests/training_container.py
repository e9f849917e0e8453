"""A training container's /opt/ml with one channel, as SageMaker would fill it in each mode."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path


class Container:
    """`objects` are the channel's objects by name; in Pipe mode a thread feeds its FIFOs.

    Without them the test fills the channel itself.
    """

    def __init__(self, root: Path, mode: str, objects: Mapping[str, bytes] | None = None) -> None:
        self.root = root
        self.data = root / "input" / "data"
        self.data.mkdir(parents=True)
        config = root / "input" / "config"
        config.mkdir()
        channel = {"TrainingInputMode": mode, "S3DistributionType": "FullyReplicated"}
        (config / "inputdataconfig.json").write_text(json.dumps({"train": channel}))
        if objects is None:
            return
        if mode == "Pipe":
            os.mkfifo(self.data / "train_0")
            content = b"".join(objects[name] for name in sorted(objects))
            threading.Thread(target=self._feed, args=(content,), daemon=True).start()
            return
        for name, content in objects.items():
            path = self.data / "train" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def _feed(self, content: bytes) -> None:
        """An epoch after the other, for ever: the next one's FIFO is there before the end."""
        epoch = 0
        while True:
            path = self.data / f"train_{epoch}"
            with path.open("wb", buffering=0) as fifo:
                try:
                    rest = memoryview(content)
                    while rest:
                        rest = rest[fifo.write(rest) :]
                except BrokenPipeError:
                    pass  # left early
                epoch += 1
                os.mkfifo(self.data / f"train_{epoch}")
            path.unlink()
