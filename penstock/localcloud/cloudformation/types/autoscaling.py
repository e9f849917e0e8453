"""AWS::ApplicationAutoScaling: targets and policies. The API knows them; nothing scales."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.cloudformation.errors import ResourceError
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    without,
)
from penstock.localcloud.cloudformation.shapes import call
from penstock.localcloud.cloudformation.types.api import ignoring
from penstock.localcloud.ledger import Life

_SERVICE = "application-autoscaling"
_GONE = ("ObjectNotFoundException", "ValidationException")
_IDENTITY = ("ResourceId", "ScalableDimension", "ServiceNamespace")


class ScalableTarget(Handler):
    """Ref is `resource id|dimension|namespace`; attribute Id."""

    type = "AWS::ApplicationAutoScaling::ScalableTarget"
    life = Life.API_ONLY
    properties = frozenset(
        {
            *_IDENTITY,
            "MaxCapacity",
            "MinCapacity",
            "RoleARN",
            "ScheduledActions",
            "SuspendedState",
        }
    )
    required = frozenset({*_IDENTITY, "MaxCapacity", "MinCapacity"})
    replace_on = frozenset(_IDENTITY)

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """RegisterScalableTarget, PutScheduledAction."""
        physical_id = "|".join(str(properties[name]) for name in _IDENTITY)
        scaling = context.client(_SERVICE)
        call(scaling, "register_scalable_target", without(properties, "ScheduledActions"))
        context.made(physical_id)
        self._schedule(scaling, {}, properties)
        return Created(physical_id, {"Id": physical_id})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """RegisterScalableTarget again."""
        scaling = context.client(_SERVICE)
        call(scaling, "register_scalable_target", without(new, "ScheduledActions"))
        self._schedule(scaling, old, new)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeregisterScalableTarget."""
        resource, dimension, namespace = physical_id.split("|")
        ignoring(
            _GONE,
            context.client(_SERVICE).deregister_scalable_target,
            ResourceId=resource,
            ScalableDimension=dimension,
            ServiceNamespace=namespace,
        )

    @staticmethod
    def _schedule(scaling: Any, old: Properties, new: Properties) -> None:
        identity = {name: new[name] for name in _IDENTITY}
        for action in new.get("ScheduledActions", []):
            call(scaling, "put_scheduled_action", {**action, **identity})
        names = {action["ScheduledActionName"] for action in new.get("ScheduledActions", [])}
        for action in old.get("ScheduledActions", []):
            if action["ScheduledActionName"] not in names:
                scaling.delete_scheduled_action(
                    ScheduledActionName=action["ScheduledActionName"], **identity
                )


class ScalingPolicy(Handler):
    """Ref is the policy's ARN; attribute Arn."""

    type = "AWS::ApplicationAutoScaling::ScalingPolicy"
    life = Life.API_ONLY
    properties = frozenset(
        {
            *_IDENTITY,
            "PolicyName",
            "PolicyType",
            "PredictiveScalingPolicyConfiguration",
            "ScalingTargetId",
            "StepScalingPolicyConfiguration",
            "TargetTrackingScalingPolicyConfiguration",
        }
    )
    required = frozenset({"PolicyName", "PolicyType"})
    replace_on = frozenset({*_IDENTITY, "PolicyName", "ScalingTargetId"})

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """PutScalingPolicy."""
        arguments = {**without(properties, "ScalingTargetId"), **self._identity(properties)}
        arn = call(context.client(_SERVICE), "put_scaling_policy", arguments)["PolicyARN"]
        return Created(arn, {"Arn": arn})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """PutScalingPolicy again; on AWS, unlike in moto, its ARN stays."""
        self.create(context, new)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteScalingPolicy."""
        ignoring(
            _GONE,
            context.client(_SERVICE).delete_scaling_policy,
            PolicyName=properties["PolicyName"],
            **self._identity(properties),
        )

    @staticmethod
    def _identity(properties: Properties) -> dict[str, str]:
        if "ScalingTargetId" in properties:
            parts = str(properties["ScalingTargetId"]).split("|")
            if len(parts) != len(_IDENTITY):
                raise ResourceError(
                    "ScalingTargetId must be the Ref of a ScalableTarget, "
                    f"got {properties['ScalingTargetId']!r}"
                )
            return dict(zip(_IDENTITY, parts, strict=True))
        missing = [name for name in _IDENTITY if name not in properties]
        if missing:
            raise ResourceError(f"ScalingTargetId or {', '.join(missing)} must be given")
        return {name: str(properties[name]) for name in _IDENTITY}
