"""Trains the reviews' classifier: `python train.py --epochs 3 ...` in SageMaker's container.

Starts one process for each device of this host (torchrun), together with those of the job's other
hosts; with one device in all it trains right here.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

from jobs.reviews import device
from jobs.reviews.settings import Settings

PORT = 29500


def main(arguments: list[str]) -> int:
    """Train; the exit code, unless torchrun takes over."""
    Settings.parse(arguments)  # refuses before anything is started
    hosts, current, interface = hosts_of_the_job()
    devices = device.count_here()
    if len(hosts) * devices == 1:
        from jobs.reviews import fit  # takes seconds, and torchrun's processes do it themselves

        return fit.main(arguments)
    # the containers' toolkit says where the first host is; its name does where nobody says
    address = os.environ.get("MASTER_ADDR", hosts[0])
    port = os.environ.get("MASTER_PORT", str(PORT))
    command = [
        *(sys.executable, "-m", "torch.distributed.run"),
        f"--nnodes={len(hosts)}",
        f"--nproc_per_node={devices}",
        f"--node_rank={hosts.index(current)}",
        f"--master_addr={address}",
        f"--master_port={port}",
        *("-m", "jobs.reviews.fit", *arguments),
    ]
    if interface in (name for _, name in socket.if_nameindex()):
        for library in ("NCCL", "GLOO"):  # by which the processes talk
            os.environ.setdefault(f"{library}_SOCKET_IFNAME", interface)
    found = str(Path(device.__file__).resolve().parents[2])
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [found, *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    # in this process's place: signals reach it
    return os.execv(sys.executable, command)  # noqa: S606 (no shell)


def hosts_of_the_job() -> tuple[list[str], str, str]:
    """All hosts, this one and its network interface, by the container's resourceconfig.json."""
    root = Path(os.environ.get("OPT_ML", "/opt/ml"))
    config = root / "input" / "config" / "resourceconfig.json"
    if not config.exists():
        return ["algo-1"], "algo-1", ""
    found = json.loads(config.read_text())
    return (
        sorted(found["hosts"]),
        str(found["current_host"]),
        str(found.get("network_interface_name", "")),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
