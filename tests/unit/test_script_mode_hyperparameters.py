"""A script's hyperparameters: what the training toolkit makes of the strings that it is given."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.localcloud.engines.script_mode.hyperparameters import Hyperparameters, as_variable


@pytest.mark.parametrize(
    ("text", "value", "word", "variable"),
    [
        ("3", 3, "3", "3"),
        ("0.10", 0.1, "0.1", "0.1"),
        ("5e-5", 5e-05, "5e-05", "5e-05"),
        ("true", True, "True", "true"),
        ("null", None, "", ""),
        ('"3"', "3", "3", "3"),
        ('"train.py"', "train.py", "train.py", "train.py"),
        ("distilbert", "distilbert", "distilbert", "distilbert"),
        ("True", "True", "True", "True"),
        ("", "", "", ""),
        ("[1, 2]", [1, 2], "[1, 2]", "[1,2]"),
        ('{"b": 1, "a": "x"}', {"b": 1, "a": "x"}, "a=x,b=1", '{"a":"x","b":1}'),
        ("s3://bucket/key", "s3://bucket/key", "s3://bucket/key", "s3://bucket/key"),
    ],
)
def test_a_value_is_json_or_itself(text: str, value: Any, word: str, variable: str) -> None:
    found = Hyperparameters.read({"name": text})
    assert found.users == {"name": value}
    assert type(found.users["name"]) is type(value)
    assert found.arguments() == ["--name", word]
    assert as_variable(value) == variable


def test_what_the_sdk_writes_comes_out_as_it_went_in() -> None:
    given = {"epochs": 3, "rate": 0.1, "flag": False, "name": "a b", "list": ["x"], "none": None}
    written = {name: json.dumps(value) for name, value in given.items()}
    assert Hyperparameters.read(written).users == given


def test_names_are_in_order_and_one_letter_has_one_dash() -> None:
    found = Hyperparameters.read({"z": "1", "epochs": "2", "batch-size": "3"})
    assert found.arguments() == ["--batch-size", "3", "--epochs", "2", "-z", "1"]


def test_the_platforms_own_are_not_the_scripts() -> None:
    found = Hyperparameters.read(
        {
            "epochs": "1",
            "sagemaker_program": '"train.py"',
            "sagemaker_instance_type": '"ml.p3.2xlarge"',
            "_tuning_objective_metric": "test:accuracy",
            "default_user_module_name": "x",
        }
    )
    assert found.users == {"epochs": 1}
    assert found.platforms["sagemaker_program"] == "train.py"
    assert found.frameworks == {"sagemaker_instance_type": "ml.p3.2xlarge"}
