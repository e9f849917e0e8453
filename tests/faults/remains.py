"""What commands leave that are killed in a project, one after the other."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from pathlib import Path

from tests.assemblies import template, write_assembly
from tests.runs.up_process import Up, relatives
from tests.waiting import eventually

GONE_SECONDS = 10


class Remains:
    """The temporary folder of a project's commands; each start finds what the last one left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.temporary = folder / "tmp"
        self.temporary.mkdir(exist_ok=True)

    def folders(self) -> set[Path]:
        """Those that commands work in, or have worked in."""
        return {path for path in self.temporary.iterdir() if path.is_dir()}

    def of_the_killed(self) -> set[Path]:
        """The folders of a command that was just killed; AssertionError if a process lives on."""
        eventually(lambda: not relatives(self.temporary), seconds=GONE_SECONDS)
        assert all(path.name.startswith("penstock-") for path in self.temporary.iterdir())
        assert self.folders(), "what was killed had no time to remove anything"
        return self.folders()

    def are_removed(self, left: set[Path], told: Iterable[str]) -> None:
        """AssertionError if the next command, which told these lines, has not removed them all."""
        removed = {line for line in told if "left behind by a command that was killed" in line}
        assert removed == {
            f"removed {path}, left behind by a command that was killed" for path in left
        }
        assert not left & self.folders()

    def end(self) -> None:
        """One more start of a small thing, and its polite end: nothing at all is left."""
        left = self.folders()
        write_assembly(self.folder / "small", {"small": template(Queue=("SQS::Queue", {}))})
        up = Up(self.folder, "--assembly", "small")
        self.are_removed(left, up.lines)
        assert up.end(signal.SIGTERM) == 0
        assert up.left_behind() == []
