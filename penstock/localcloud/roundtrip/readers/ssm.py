"""AWS::SSM: what the parameter store says of parameters."""

from __future__ import annotations

from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader, one_of


class Parameter(Reader):
    """A parameter."""

    type = "AWS::SSM::Parameter"

    def read(self, resource: Deployed) -> Properties:
        """GetParameter, DescribeParameters, ListTagsForResource."""
        ssm, name = resource.client("ssm"), resource.physical_id
        listed = ssm.describe_parameters(
            ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [name]}]
        )["Parameters"]
        tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
        described = one_of(listed, "Name", name)
        policies = [policy["PolicyText"] for policy in described.get("Policies", [])]
        return {
            **described,
            "Policies": f"[{', '.join(policies)}]",
            **ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"],
            "Tags": {tag["Key"]: tag["Value"] for tag in tags},
        }
