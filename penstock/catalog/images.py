"""SageMaker's own images: the registry account of each region, repository and tag."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from penstock.catalog.facts import Fact, entry, read_data

_URI = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[a-z0-9.-]+/"
    r"(?P<repository>[a-z0-9._/-]+):(?P<tag>[\w.-]+)"
)


class Image(Fact):
    """Where one of SageMaker's own images lives.

    Its URI is `<account>.dkr.ecr.<region>.<dns suffix>/<repository>:<tag>`, without the tag where
    that is None; the account differs by region, so templates look it up in a mapping built from
    `accounts`.
    """

    repository: str
    tag: str | None
    accounts: Mapping[str, str]

    @property
    def path(self) -> str:
        """The end of its URI: the repository, and the tag if it has one."""
        return self.repository if self.tag is None else f"{self.repository}:{self.tag}"

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that have this image, sorted."""
        return tuple(sorted(self.accounts))


@cache
def image(name: str) -> Image:
    """The image of a first-party algorithm, or of `model-monitor`.

    Raises:
        UnknownFactError: the catalog has no image for it.
    """
    return Image.model_validate(entry("images", name))


def algorithm_of(uri: str) -> str | None:
    """The first-party algorithm behind an image URI, or None if it is not one of them."""
    match = _URI.fullmatch(uri)
    if match is None:
        return None
    for name in read_data("images"):
        known = image(name)
        account = known.accounts.get(match["region"])
        if (match["account"], match["repository"], match["tag"]) == (
            account,
            known.repository,
            known.tag,
        ):
            return name
    return None
