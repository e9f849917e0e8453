"""Tags in conditions: aws:ResourceTag/NAME, the services' own keys for it, aws:PrincipalTag/NAME.

Sources: IAM user guide, "AWS global condition context keys"; Service Authorization Reference, the
condition keys of IAM, SageMaker and Systems Manager.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from penstock.localcloud.authorization.call import Access

_RESOURCE = ":resourcetag/"
_PRINCIPAL = "aws:principaltag/"
# services with a key of their own beside aws:ResourceTag
_OWN_KEYS = ("iam", "sagemaker", "ssm")


def of_resource(keys: Iterable[str]) -> list[str]:
    """Those of some condition keys (lower case) that are about a resource's tags."""
    return [key for key in keys if _RESOURCE in key]


def of_principal(keys: Iterable[str]) -> list[str]:
    """Those of some condition keys (lower case) that are about the caller's tags."""
    return [key for key in keys if key.startswith(_PRINCIPAL)]


def resource_tags(
    access: Access, keys: Iterable[str], tags: Mapping[str, str] | None
) -> dict[str, tuple[str, ...]]:
    """The values of `keys`, which `of_resource` gave; a key without a value is not there on AWS.

    A key that is missing here is not understood: all of them, where `tags` is None, and what is
    no key of any service.
    """
    if tags is None:
        return {}
    values = {name.lower(): value for name, value in tags.items()}
    service = access.action.partition(":")[0].lower()
    found: dict[str, tuple[str, ...]] = {}
    for key in keys:
        prefix, name = key.split(_RESOURCE, 1)
        if prefix in ("aws", *_OWN_KEYS):
            there = prefix in ("aws", service) and name in values
            found[key] = (values[name],) if there else ()
    return found
