"""What script mode does otherwise here than in a framework's image, one line each."""

from __future__ import annotations

from penstock.localcloud.engines.script_mode.toolkit import Toolkit


def not_honoured(toolkit: Toolkit) -> list[str]:
    """For log and ledger, once the script's code is there."""
    channels = ", ".join(sorted(toolkit.opt_ml.config("inputdataconfig"))) or "none"
    lines = [
        "SM_NUM_GPUS=0, SM_NUM_NEURONS=0 (CPUs compute, whatever accelerator the job's machine "
        "has; the script takes what it has for them)",
        "the path /opt/ml (a folder of this machine stands for it: the script finds it by the SM_ "
        "variables or OPT_ML)",
        "model hubs (HF_HUB_OFFLINE=1: weights come by a channel, or the script begins at random; "
        f"this job's channels: {channels})",
    ]
    hosts = len(toolkit.hosts)
    if hosts > 1:
        lines.append(
            f"the names of {hosts} hosts (they do not resolve: MASTER_ADDR is the loopback, and "
            "MASTER_PORT a free port instead of 7777)"
        )
    if (toolkit.code / "requirements.txt").exists():
        lines.append(
            "requirements.txt (nothing is installed: the script has what requirements/torch.txt "
            "locks)"
        )
    return lines
