"""Types that put one policy on several resources, each with a policy of its own at most."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
)
from penstock.localcloud.cloudformation.types.api import document
from penstock.localcloud.ledger import Life

_NAME = NameRule(max_length=256)  # an id of our own: no service has a rule for it


class PolicyOnResources(Handler):
    """Attribute Id. The property named `bearers` lists what the policy is put on."""

    life = Life.LIVE
    bearers: ClassVar[str]

    @abstractmethod
    def put(self, context: ResourceContext, bearer: str, policy: str) -> None:
        """Put the policy on one resource."""

    @abstractmethod
    def reset(self, context: ResourceContext, bearer: str) -> None:
        """Go back to the policy that the resource had at first; one that is gone is no error."""

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """Put it on each."""
        for bearer in properties[self.bearers]:
            self.put(context, bearer, document(properties["PolicyDocument"]))
        physical_id = context.name(_NAME)
        return Created(physical_id, {"Id": physical_id})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """Put it anew; resources that left get their first one back."""
        for bearer in old[self.bearers]:
            if bearer not in new[self.bearers]:
                self.reset(context, bearer)
        self.create(context, new)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """All get their first policy back."""
        for bearer in properties[self.bearers]:
            self.reset(context, bearer)
