"""First-party algorithm images: the registry account of each region, repository and tag."""

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
    """Where the image of one first-party algorithm lives.

    Its URI is `<account>.dkr.ecr.<region>.<dns suffix>/<repository>:<tag>`; the account
    differs by region, so templates look it up in a mapping built from `accounts`.
    """

    repository: str
    tag: str
    accounts: Mapping[str, str]

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that have this image, sorted."""
        return tuple(sorted(self.accounts))


@cache
def image(algorithm: str) -> Image:
    """The image of a first-party algorithm.

    Raises:
        UnknownFactError: the catalog has no image for it.
    """
    return Image.model_validate(entry("images", algorithm))


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
