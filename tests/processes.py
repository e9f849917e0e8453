"""Living processes of this machine, and what each has to do with a folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """`told` is all that it was told at its start and where it is: what it may know of a folder."""

    pid: int
    session: int
    arguments: str
    told: str

    def __str__(self) -> str:
        """For a test's message."""
        return f"{self.pid} {self.arguments}"

    @property
    def is_leash(self) -> bool:
        """Whether it does no more than watch a command."""
        return " -I -S " in self.arguments and "localcloud/leash.py " in self.arguments


def processes() -> Iterator[Process]:
    """All that live and may be looked at."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            arguments = (process / "cmdline").read_text().replace("\0", " ")
            environment = (process / "environ").read_bytes().decode(errors="replace")
            folder = (process / "cwd").readlink()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended meanwhile, or is somebody else's
        if fields[0] != "Z":
            told = f"{arguments}{environment}{folder}"
            yield Process(int(process.name), int(fields[3]), arguments, told)


def processes_below(folder: Path) -> list[Process]:
    """Those that have to do with this folder, except those that only watch one."""
    return [p for p in processes() if str(folder) in p.told and not p.is_leash]
