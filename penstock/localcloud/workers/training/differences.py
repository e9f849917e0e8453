"""Settings of a training job that change nothing here, or not all that they do on AWS."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.workers.training.channels import input_mode


def platform_differences(request: dict[str, Any]) -> list[str]:
    """One line for each of CreateTrainingJob's settings that the ledger has to tell of."""
    lines = []
    if request.get("EnableManagedSpotTraining"):
        lines.append(
            "EnableManagedSpotTraining: spare machines are there at once and cost nothing less; "
            "only the fault spot-interruption takes them back"
        )
    if (request.get("ResourceConfig") or {}).get("KeepAlivePeriodInSeconds"):
        lines.append("KeepAlivePeriodInSeconds: no machines are kept, and none need to start")
    if request.get("VpcConfig"):
        lines.append("VpcConfig: the program runs on this machine's network")
    if any(input_mode(request, c) == "FastFile" for c in request.get("InputDataConfig") or []):
        lines.append(
            "FastFile: a file's bytes come when the program opens it, all of them and not those "
            "that it reads; its folder is not mounted read-only"
        )
    return lines
