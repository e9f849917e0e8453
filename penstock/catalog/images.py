"""SageMaker's own images: the registry account of each region, repository, tag and URI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from penstock.catalog.facts import Fact, UnknownFactError, entry, read_data

_URI = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[a-z0-9.-]+/"
    r"(?P<repository>[a-z0-9._/-]+):(?P<tag>[\w.-]+)"
)


class Image(Fact):
    """Where one of SageMaker's own images lives.

    Its URI is `<account>.dkr.ecr.<region>.<dns suffix>/<repository>:<tag>`, without the tag where
    that is None; the account differs by region, so templates look it up in a mapping built from
    `accounts`. `older_tags` are in the same repository and registries.
    """

    repository: str
    tag: str | None
    older_tags: tuple[str, ...] = ()
    accounts: Mapping[str, str]

    @property
    def path(self) -> str:
        """The end of its URI: the repository, and the tag if it has one."""
        return self.repository if self.tag is None else f"{self.repository}:{self.tag}"

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that have this image, sorted."""
        return tuple(sorted(self.accounts))

    def uri(self, region: str) -> str:
        """The image's URI in a region.

        Raises:
            UnknownFactError: the catalog knows no registry of it there.
        """
        if region not in self.accounts:
            raise UnknownFactError(
                f"the catalog has no registry of {self.repository} in {region!r}; "
                f"known: {', '.join(self.regions)}"
            )
        return f"{self.accounts[region]}.dkr.ecr.{region}.{dns_suffix(region)}/{self.path}"


def dns_suffix(region: str) -> str:
    """What a region's host names end with: amazonaws.com, or that of another partition."""
    suffixes: Mapping[str, str] = read_data("partitions")["dns_suffixes"]
    return next(suffix for start, suffix in suffixes.items() if region.startswith(start))


@cache
def image(name: str) -> Image:
    """The image of a first-party algorithm, or of `model-monitor`.

    Several images share one registry; sources and doubts of both are the image's.

    Raises:
        UnknownFactError: the catalog has no image for it.
    """
    own = dict(entry("images", name))
    registry = entry("registries", own.pop("registry"))
    shared = {part: own[part] + registry[part] for part in ("source", "unconfirmed")}
    return Image.model_validate({**own, **shared, "accounts": registry["accounts"]})


def algorithm_of(uri: str) -> str | None:
    """The first-party algorithm behind an image URI, or None if it is not one of them."""
    match = _URI.fullmatch(uri)
    if match is None:
        return None
    for name in read_data("images"):
        known = image(name)
        if (match["account"], match["repository"]) == (
            known.accounts.get(match["region"]),
            known.repository,
        ) and match["tag"] in (known.tag, *known.older_tags):
            return name
    return None
