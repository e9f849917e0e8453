"""Where the processes of a job's hosts find each other: MASTER_ADDR and MASTER_PORT.

aws/sagemaker-pytorch-training-toolkit@d929872, training.py sets them to the first host's name and
port 7777. Here that name means nothing and all hosts are this machine, so they are told its
loopback, and a port that is free: jobs run side by side.
"""

from __future__ import annotations

import secrets
import socket

import numpy as np

from penstock.localcloud.engines.container.hosts import Hosts

LOOPBACK = "127.0.0.1"
# below those that Linux gives away by itself, so that no connection takes it in the meantime
_PORTS = range(20_000, 30_000)


def meeting_point(hosts: Hosts) -> dict[str, str]:
    """The variables; the first host chooses the port, the others wait for it."""
    if hosts.is_first:
        port = _free_port()
        if len(hosts.names) > 1:
            hosts.send({"port": np.array(port)})
    else:
        port = int(hosts.receive(hosts.names[0])["port"])
    return {"MASTER_ADDR": LOOPBACK, "MASTER_PORT": str(port), "GLOO_SOCKET_IFNAME": "lo"}


def _free_port() -> int:
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as tried:
            try:
                tried.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
