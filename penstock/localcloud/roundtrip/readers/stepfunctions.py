"""AWS::StepFunctions: what Step Functions says of state machines."""

from __future__ import annotations

from penstock.localcloud.cloudformation.types.stepfunctions import definition_text
from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader, pairs

_FORMS = ("Definition", "DefinitionS3Location", "DefinitionString")


class StateMachine(Reader):
    """A state machine."""

    type = "AWS::StepFunctions::StateMachine"
    not_given_back = {
        "DefinitionSubstitutions": "the definition comes back substituted (API reference, "
        "DescribeStateMachine)",
    }

    def read(self, resource: Deployed) -> Properties:
        """DescribeStateMachine, ListTagsForResource.

        The API knows one definition, substituted; whichever way the template gives it counts as
        there when it says the same.
        """
        machines = resource.client("stepfunctions")
        found = machines.describe_state_machine(stateMachineArn=resource.physical_id)
        wanted = definition_text(resource.asked, resource.client("s3"))
        form = next(name for name in _FORMS if name in resource.asked)
        is_asked = wanted == found["definition"]
        tags = machines.list_tags_for_resource(resourceArn=resource.physical_id)["tags"]
        return {
            **found,
            form: resource.asked[form] if is_asked else found["definition"],
            "StateMachineName": found["name"],
            "StateMachineType": found["type"],
            "Tags": pairs(tags),
        }
