"""AWS::Logs: what CloudWatch Logs says of groups, streams and resource policies."""

from __future__ import annotations

from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader, one_of, pairs


class LogGroup(Reader):
    """A log group."""

    type = "AWS::Logs::LogGroup"

    def read(self, resource: Deployed) -> Properties:
        """DescribeLogGroups, ListTagsForResource."""
        logs, name = resource.client("logs"), resource.physical_id
        groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        arn = f"arn:aws:logs:{resource.region}:{resource.account_id}:log-group:{name}"
        return {
            **one_of(groups, "logGroupName", name),
            "Tags": pairs(logs.list_tags_for_resource(resourceArn=arn)["tags"]),
        }


class LogStream(Reader):
    """A log stream."""

    type = "AWS::Logs::LogStream"

    def read(self, resource: Deployed) -> Properties:
        """DescribeLogStreams."""
        group = resource.asked["LogGroupName"]
        streams = resource.client("logs").describe_log_streams(
            logGroupName=group, logStreamNamePrefix=resource.physical_id
        )["logStreams"]
        names = [stream["logStreamName"] for stream in streams]
        is_there = resource.physical_id in names
        return {"LogGroupName": group, "LogStreamName": resource.physical_id} if is_there else {}


class ResourcePolicy(Reader):
    """A policy of the account's logs."""

    type = "AWS::Logs::ResourcePolicy"

    def read(self, resource: Deployed) -> Properties:
        """DescribeResourcePolicies."""
        policies = resource.client("logs").describe_resource_policies()["resourcePolicies"]
        return one_of(policies, "policyName", resource.physical_id)
