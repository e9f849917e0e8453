"""The compiled core and the numpy code in its place, for tests that hold of both."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CDLL
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from penstock.recordio import core

SOURCE = Path(core.__file__).with_name("core.c")


@cache
def compiled() -> core.CompiledCore:
    """The installed one, or one built for these tests where there is a C compiler."""
    if core.compiled is not None:
        return core.compiled
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler, and no compiled core")
    library = (
        Path(mkdtemp(prefix="recordio-core-")) / f"core{sysconfig.get_config_var('SHLIB_SUFFIX')}"
    )
    flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, SOURCE, "-o", library], check=True)
    try:
        return core.CompiledCore(CDLL(str(library)))
    finally:
        shutil.rmtree(library.parent)


@contextmanager
def using(name: str) -> Iterator[None]:
    """With the core "compiled", or with "numpy"."""
    before = core.compiled
    core.compiled = compiled() if name == "compiled" else None
    try:
        yield
    finally:
        core.compiled = before
