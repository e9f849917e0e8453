"""Definitions of state machines are read as text with references, or as a document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from penstock.rules.states import states
from penstock.rules.templates import Resource

STATE = {"Type": "Wait", "Seconds": 1}


def machine(**properties: Any) -> Resource:
    return Resource(Path("a.json"), "Machine", "AWS::StepFunctions::StateMachine", properties)


@pytest.mark.parametrize(
    ("definition", "state"),
    [
        (
            {"Fn::Join": ["", ['{"States":{"Wait":{"Seconds":', {"Ref": "Pause"}, "}}}"]]},
            {"Seconds": "${Pause}"},
        ),
        (
            {"Fn::Sub": '{"States":{"Wait":{"Resource":"arn:${AWS::Partition}:a","N":${N}}}}'},
            {"Resource": "arn:${AWS::Partition}:a", "N": "${N}"},
        ),
        (
            '{"States":{"Wait":{"Comment":"a \\" quote, then ${N}"}}}',
            {"Comment": 'a " quote, then ${N}'},
        ),
    ],
)
def test_references_stay_as_text_within_texts_and_beside_them(
    definition: Any, state: dict[str, Any]
) -> None:
    assert list(states(machine(DefinitionString=definition))) == [
        ("Wait", "DefinitionString.States.Wait", state)
    ]


def test_a_document_is_read_as_it_is() -> None:
    found = list(states(machine(Definition={"States": {"Wait": STATE}})))
    assert found == [("Wait", "Definition.States.Wait", STATE)]


def test_what_lies_in_a_bucket_has_no_states_here() -> None:
    assert not list(states(machine(DefinitionS3Location={"Bucket": "b", "Key": "k"})))
