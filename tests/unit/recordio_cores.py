"""The compiled core in its variants and the numpy code in its place, for tests that hold of all."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
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


def narrow() -> core.CompiledCore:
    """The compiled one as it works on processors without AVX-512 VBMI2."""
    found = copy(compiled())
    found.wide = False
    return found


@contextmanager
def using(name: str) -> Iterator[None]:
    """With the core "compiled", with the "narrow" one, or with "numpy"."""
    before = core.compiled
    core.compiled = {"compiled": compiled, "narrow": narrow, "numpy": lambda: None}[name]()
    try:
        yield
    finally:
        core.compiled = before
