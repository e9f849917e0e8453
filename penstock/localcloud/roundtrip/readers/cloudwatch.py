"""AWS::CloudWatch: what CloudWatch says of alarms."""

from __future__ import annotations

from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader, one_of


class Alarm(Reader):
    """An alarm's description has the template's names."""

    type = "AWS::CloudWatch::Alarm"

    def read(self, resource: Deployed) -> Properties:
        """DescribeAlarms, ListTagsForResource."""
        cloudwatch = resource.client("cloudwatch")
        name = resource.physical_id
        alarms = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        found = one_of(alarms, "AlarmName", name)
        arn = f"arn:aws:cloudwatch:{resource.region}:{resource.account_id}:alarm:{name}"
        return {**found, "Tags": cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]}
