"""moto's server in this process: what it changes there, it puts back."""

from __future__ import annotations

import os
import sys

import moto.backends
import pytest

from penstock.localcloud.server import MotoServer

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("server")]


def test_a_stopped_server_leaves_the_process_as_it_was() -> None:
    def state() -> tuple[float, object, str | None]:
        modules = moto.backends.list_of_moto_modules
        return sys.getswitchinterval(), modules, os.environ.get("MOTO_ACCOUNT_ID")

    before = state()
    listed = set(moto.backends.list_of_moto_modules())
    server = MotoServer(account_id="123456789012")
    server.start()
    try:
        assert sys.getswitchinterval() < before[0]
        assert set(moto.backends.list_of_moto_modules()) == listed
    finally:
        server.stop()
    assert state() == before
