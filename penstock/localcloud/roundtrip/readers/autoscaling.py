"""AWS::ApplicationAutoScaling: what the service says of targets and policies."""

from __future__ import annotations

from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader, one_of

_SERVICE = "application-autoscaling"
_IDENTITY = ("ResourceId", "ScalableDimension", "ServiceNamespace")


class ScalableTarget(Reader):
    """What scales, and how far."""

    type = "AWS::ApplicationAutoScaling::ScalableTarget"

    def read(self, resource: Deployed) -> Properties:
        """DescribeScalableTargets, DescribeScheduledActions."""
        scaling = resource.client(_SERVICE)
        identity, dimension, namespace = resource.physical_id.split("|")
        of = {"ServiceNamespace": namespace, "ScalableDimension": dimension}
        targets = scaling.describe_scalable_targets(**of, ResourceIds=[identity])
        found = one_of(targets["ScalableTargets"], "ResourceId", identity)
        actions = scaling.describe_scheduled_actions(**of, ResourceId=identity)["ScheduledActions"]
        return {**found, "ScheduledActions": actions}


class ScalingPolicy(Reader):
    """When it scales."""

    type = "AWS::ApplicationAutoScaling::ScalingPolicy"

    def read(self, resource: Deployed) -> Properties:
        """DescribeScalingPolicies; the target's id is made of what it names."""
        asked = resource.asked
        if "ScalingTargetId" in asked:
            identity = dict(zip(_IDENTITY, str(asked["ScalingTargetId"]).split("|"), strict=True))
        else:
            identity = {name: str(asked[name]) for name in _IDENTITY}
        policies = resource.client(_SERVICE).describe_scaling_policies(
            **identity, PolicyNames=[asked["PolicyName"]]
        )["ScalingPolicies"]
        found = one_of(policies, "PolicyName", asked["PolicyName"])
        return {**found, "ScalingTargetId": "|".join(str(found.get(n)) for n in _IDENTITY)}
