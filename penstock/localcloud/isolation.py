"""Keeps the user's AWS settings, profiles and proxies out of the local cloud."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

# Profiles, credentials, endpoints and the like would reach boto3 and moto through these.
_PREFIX = "AWS_"
_NO_FILES = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
# The moto server is on the loopback: a proxy must not be asked for it.
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@contextmanager
def isolated() -> Iterator[None]:
    """Inside, this process has no AWS profile, credentials, endpoint or proxy. May be nested.

    Needed before moto is imported, because moto makes a boto3 session then.
    """
    before = dict(os.environ)
    for name in before:
        if name.startswith(_PREFIX) or name.upper() in _PROXIES:
            del os.environ[name]
    os.environ.update(_NO_FILES)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)
