"""Images that run a script of one's own: where they live, their Python and their libraries."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

from penstock.catalog.facts import UnknownFactError, entry
from penstock.catalog.images import Image

Job = Literal["training", "inference"]
Device = Literal["cpu", "gpu", "neuron"]


class FrameworkImage(Image):
    """One image of a framework, for one kind of job and one kind of device.

    What is in a tag changes in place: `date` says of when `python` and `libraries` are.
    """

    python: str
    libraries: Mapping[str, str]


@cache
def framework_image(framework: str, job: Job, device: Device) -> FrameworkImage:
    """The image of a framework such as 'huggingface-pytorch'.

    Raises:
        UnknownFactError: there is none of that framework, or none for that job and device.
    """
    known = entry("frameworks", framework)[job]
    if device not in known:
        raise UnknownFactError(
            f"the catalog has no {job} image of {framework} for {device}; known: {', '.join(known)}"
        )
    own = dict(known[device])
    registry = entry("registries", own.pop("registry"))
    shared = {part: own[part] + registry[part] for part in ("source", "unconfirmed")}
    return FrameworkImage.model_validate({**own, **shared, "accounts": registry["accounts"]})
