"""Fetches a data set of the catalog into a cache, once: pinned addresses, pinned contents."""

from __future__ import annotations

import hashlib
import os
import queue
import tempfile
import threading
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import build_opener

from penstock.catalog import datasets
from penstock.catalog.datasets import DatasetFile
from penstock.datasets.errors import DatasetError
from penstock.datasets.telling import Progress

TIMEOUT_SECONDS = 5.0  # until a server answers, and between two pieces of its answer


def download(name: str) -> Path:
    """The folder of a data set, complete and with the contents that the catalog says.

    It is `$XDG_CACHE_HOME/penstock/<name>`, by default below ~/.cache. Files that are missing
    there, or are not what they should be, are fetched.

    Raises:
        DatasetError: a file is not in the cache and cannot be fetched, or not be written.
        UnknownFactError: the catalog has no such data set.
    """
    facts = datasets.dataset(name)
    try:
        folder = _caches() / name
        lacking = {
            path: file
            for path, file in facts.files.items()
            if _sha256_of(folder / path) != file.sha256
        }
        if lacking:
            _fetch(lacking, folder, f"downloading the {facts.title} to {folder}, files")
    except OSError as error:
        raise DatasetError(f"the {facts.title} cannot be kept in a cache: {error}") from error
    except _NotFetchedError as error:
        raise DatasetError(
            f"the {facts.title} is not in {folder} and cannot be downloaded: {error}"
        ) from error
    return folder


class _NotFetchedError(Exception):
    """Why a file could not be had, in one line."""


def _caches() -> Path:
    """By the XDG base directory specification, which has relative paths ignored."""
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if given.is_absolute():
        return given / "penstock"
    try:
        return Path.home() / ".cache" / "penstock"
    except RuntimeError as error:
        raise OSError(f"{error}; set XDG_CACHE_HOME") from error


def _sha256_of(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None


def _fetch(files: Mapping[str, DatasetFile], folder: Path, what: str) -> None:
    with Progress(what, of=len(files)) as progress:
        for done, (path, file) in enumerate(files.items(), start=1):
            content = _contents(file.url)
            if hashlib.sha256(content).hexdigest() != file.sha256:
                raise _NotFetchedError(
                    f"{file.url} answers something else than the file that was pinned"
                )
            _write(folder / path, content)
            progress.at(done)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: a run that is broken off leaves no half file under this name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            file.write(content)
            file.close()
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _contents(url: str) -> bytes:
    host = urlsplit(url).netloc
    try:
        with _answer(url) as answer:
            return answer.read()
    except HTTPError as error:
        raise _NotFetchedError(f"{url} answers {error.code} {error.reason}") from error
    except TimeoutError as error:
        raise _NotFetchedError(f"{host} does not answer in {TIMEOUT_SECONDS:g} s") from error
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise _NotFetchedError(f"{host}: {getattr(reason, 'strerror', reason)}") from error


def _answer(url: str) -> HTTPResponse:
    """The answer's beginning, or an error, in TIMEOUT_SECONDS.

    In a thread of its own: looking a name up has no time limit, and a connection has one for
    each of the server's addresses.
    """
    got: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def ask() -> None:
        try:
            # an opener of its own: the shared one knows the proxies of its first use for ever
            got.put(build_opener().open(url, timeout=TIMEOUT_SECONDS))
        except (OSError, HTTPException) as error:
            got.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = got.get(timeout=TIMEOUT_SECONDS)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    found: HTTPResponse = answer
    return found
