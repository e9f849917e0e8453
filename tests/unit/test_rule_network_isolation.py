"""NetworkIsolation: each kind of request that can be isolated must be."""

from __future__ import annotations

from penstock.rules.network_isolation import RULE
from tests.unit.ruled import call, found, machine, resource


def test_requests_that_are_isolated_pass() -> None:
    assert not found(
        RULE,
        {
            "Model": resource("SageMaker::Model", EnableNetworkIsolation=True),
            "Machine": machine(
                Train=call("createTrainingJob.sync", EnableNetworkIsolation=True),
                Clean=call(
                    "createProcessingJob.sync", NetworkConfig={"EnableNetworkIsolation": True}
                ),
                Answer=call("createTransformJob.sync"),
            ),
            "Watch": resource(
                "SageMaker::DataQualityJobDefinition",
                NetworkConfig={"EnableNetworkIsolation": "true"},
            ),
        },
    )


def test_each_kind_of_request_is_found_where_it_is() -> None:
    assert list(
        found(
            RULE,
            {
                "Model": resource("SageMaker::Model", EnableNetworkIsolation=False),
                "Machine": machine(
                    Train=call("createTrainingJob.sync"),
                    Clean=call("createProcessingJob.sync", NetworkConfig={}),
                ),
                "Schedule": resource(
                    "SageMaker::MonitoringSchedule",
                    MonitoringScheduleConfig={"MonitoringJobDefinition": {}},
                ),
            },
        )
    ) == [
        "NetworkIsolation Model.Properties.EnableNetworkIsolation",
        "NetworkIsolation[Train] "
        "Machine.Properties.DefinitionString.States.Train.Parameters.EnableNetworkIsolation",
        "NetworkIsolation[Clean] Machine.Properties.DefinitionString.States.Clean.Parameters"
        ".NetworkConfig.EnableNetworkIsolation",
        "NetworkIsolation Schedule.Properties.MonitoringScheduleConfig.MonitoringJobDefinition"
        ".NetworkConfig.EnableNetworkIsolation",
    ]


def test_states_are_found_however_deep_and_in_either_language() -> None:
    train = call("createTrainingJob.sync")
    tune = call(
        "createHyperParameterTuningJob.sync",
        TrainingJobDefinitions=[{"EnableNetworkIsolation": True}, {}],
    )
    jsonata = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sagemaker:createModel",
        "Arguments": {"EnableNetworkIsolation": "{% $isolated %}"},
    }
    assert found(
        RULE,
        {
            "Machine": machine(
                Both={
                    "Type": "Parallel",
                    "Branches": [{"States": {"A": train}}, {"States": {"B": tune}}],
                },
                Each={"Type": "Map", "ItemProcessor": {"States": {"C": jsonata}}},
            )
        },
    ) == {
        "NetworkIsolation[A] Machine.Properties.DefinitionString.States.Both.Branches.0.States.A"
        ".Parameters.EnableNetworkIsolation": "the training request does not ask for it",
        "NetworkIsolation[B] Machine.Properties.DefinitionString.States.Both.Branches.1.States.B"
        ".Parameters.TrainingJobDefinitions.1"
        ".EnableNetworkIsolation": "the training request does not ask for it",
        "NetworkIsolation[C] Machine.Properties.DefinitionString.States.Each.ItemProcessor"
        ".States.C.Arguments.EnableNetworkIsolation": "decided at run time",
    }
