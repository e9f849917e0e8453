"""What the catalog knows of an instance type that matters to who says yes or no to it."""

from __future__ import annotations

from penstock.catalog.facts import UnknownFactError, in_words
from penstock.catalog.instances import Accelerator, InstanceType, Use, instance_type
from penstock.review.blocks import Line, alert, soft

# a use of the review -> the API's; for notebooks the catalog has no list
_USES: dict[str, Use] = {
    "endpoint": "hosting",
    "training": "training",
    "spot training": "training",
    "tuning": "training",
    "transform": "transform",
    "processing": "processing",
}
_PERMISSIONS: tuple[Use, ...] = ("training", "hosting", "transform", "processing")
_PACES = {"burstable": "burstable CPU: at full speed while its credits last", "flex": "flex CPU"}


def known(name: str, use: str) -> list[Line]:
    """What is in the machine, where it is permitted, and whether it has an end.

    Args:
        name: such as ml.m5.large.
        use: of the review, such as 'spot training' or 'endpoint'.
    """
    try:
        facts = instance_type(name)
    except UnknownFactError:
        return [alert("not in the catalog")]
    said: list[Line] = [_machine(facts)]
    if facts.accelerator is not None:
        said.append(_accelerator(facts.accelerator))
    if use in _USES and not facts.permits(_USES[use]):
        said.append(alert(f"not permitted for {use}"))
    if facts.retirement is not None:
        said.append(alert(f"{facts.retirement.in_words}; {facts.retirement.remedy}"))
    if facts.cpu_pace != "steady":
        said.append(soft(_PACES[facts.cpu_pace]))
    permitted = [each for each in _PERMISSIONS if facts.permits(each)]
    said.append(soft(f"permitted for {', '.join(permitted) or 'nothing'}"))
    if not facts.takes_volume_key:
        said.append(soft("NVMe: takes no volume key"))
    return said


def _machine(facts: InstanceType) -> str:
    vcpus = "vCPU unknown" if facts.vcpus is None else f"{facts.vcpus} vCPU"
    memory = "memory unknown" if facts.memory_gib is None else f"{in_words(facts.memory_gib)} GiB"
    return f"{vcpus}, {memory}, {facts.architecture}"


def _accelerator(found: Accelerator) -> str:
    count = "an unknown number of" if found.count is None else f"{found.count} x"
    memory = (
        "memory unknown" if found.memory_gib is None else f"{in_words(found.memory_gib)} GiB each"
    )
    name = found.kind if found.name in (None, found.kind) else f"{found.name} ({found.kind})"
    return f"{count} {name}, {memory}"
