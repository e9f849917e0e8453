"""TrafficEncryption: jobs of several machines encrypt what these tell each other."""

from __future__ import annotations

from penstock.rules.traffic_encryption import RULE
from tests.unit.ruled import call, found, machine, resource


def test_jobs_that_ask_for_it_pass_and_models_have_no_such_switch() -> None:
    on = {"EnableInterContainerTrafficEncryption": True}
    assert not found(
        RULE,
        {
            "Model": resource("SageMaker::Model"),
            "Machine": machine(
                Train=call("createTrainingJob.sync", **on),
                Clean=call("createProcessingJob.sync", NetworkConfig=on),
                Find=call("createAutoMLJobV2.sync", SecurityConfig=on),
            ),
            "Watch": resource("SageMaker::ModelQualityJobDefinition", NetworkConfig=on),
        },
    )


def test_jobs_that_do_not_are_found() -> None:
    assert found(
        RULE,
        {
            "Machine": machine(
                Train=call("createTrainingJob.sync", EnableInterContainerTrafficEncryption=False)
            ),
            "Watch": resource("SageMaker::DataQualityJobDefinition"),
        },
    ) == {
        "TrafficEncryption[Train] Machine.Properties.DefinitionString.States.Train.Parameters"
        ".EnableInterContainerTrafficEncryption": "it is False",
        "TrafficEncryption Watch.Properties.NetworkConfig"
        ".EnableInterContainerTrafficEncryption": "the monitoring request does not ask for it",
    }
