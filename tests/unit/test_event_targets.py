"""What an EventBridge target receives: the event, a part of it, or a filled template."""

from __future__ import annotations

import json

import pytest

from penstock.localcloud.workers.events import target_input

EVENT = {
    "source": "aws.sagemaker",
    "detail": {"ModelPackageArn": "arn:p/1", "ModelPackageVersion": 1, "Note": 'say "hi"'},
}


def test_without_anything_said_the_whole_event_is_sent() -> None:
    assert json.loads(target_input({"Arn": "x"}, EVENT)) == EVENT


def test_input_is_sent_as_it_is() -> None:
    assert target_input({"Input": '{"a": 1}'}, EVENT) == '{"a": 1}'


def test_input_path_picks_a_part() -> None:
    assert json.loads(target_input({"InputPath": "$.detail.ModelPackageVersion"}, EVENT)) == 1


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"arn": <arn>, "version": <version>}', {"arn": "arn:p/1", "version": 1}),
        ('{"text": "package <arn>, version <version>"}', {"text": "package arn:p/1, version 1"}),
        ('{"text": "it says: <note>"}', {"text": 'it says: say "hi"'}),
        ('{"none": <absent>}', {"none": None}),
        ('"<arn> is \\"<version>\\""', 'arn:p/1 is "1"'),
    ],
)
def test_input_transformer_fills_its_template(template: str, expected: object) -> None:
    target = {
        "InputTransformer": {
            "InputPathsMap": {
                "arn": "$.detail.ModelPackageArn",
                "version": "$.detail.ModelPackageVersion",
                "note": "$.detail.Note",
                "absent": "$.detail.Absent",
            },
            "InputTemplate": template,
        }
    }
    assert json.loads(target_input(target, EVENT)) == expected
