"""What a script in a framework's container is told: the training toolkit's SM_ variables."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from penstock.localcloud.engines.container.errors import CustomerError
from penstock.localcloud.engines.container.opt_ml import OptMl
from penstock.localcloud.engines.script_mode.honesty import not_honoured
from penstock.localcloud.engines.script_mode.toolkit import Toolkit

PROGRAM = {
    "sagemaker_program": '"train.py"',
    "sagemaker_submit_directory": '"/opt/ml/input/data/code/sourcedir.tar.gz"',
}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SAGEMAKER_PROGRAM", "TRAINING_JOB_NAME", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)


def opt_ml(
    root: Path, *, hosts: int = 1, number: int = 1, channels: object = None, **given: str
) -> OptMl:
    config = root / "input" / "config"
    config.mkdir(parents=True)
    resources = {
        "current_host": f"algo-{number}",
        "hosts": [f"algo-{n + 1}" for n in range(hosts)],
        "network_interface_name": "eth0",
    }
    train = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated"}
    for name, document in {
        "hyperparameters": given,
        "resourceconfig": resources,
        "inputdataconfig": channels or {"train": train, "code": train},
    }.items():
        (config / f"{name}.json").write_text(json.dumps(document))
    return OptMl(root)


def test_the_variables_say_what_lies_in_opt_ml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINING_JOB_NAME", "reviews-1")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    toolkit = Toolkit.of(
        opt_ml(
            tmp_path,
            hosts=2,
            number=2,
            epochs="3",
            rate="0.10",
            sagemaker_instance_type='"x"',
            **PROGRAM,
        )
    )
    found = toolkit.variables()
    train = {"S3DistributionType": "FullyReplicated", "TrainingInputMode": "File"}
    resources = {
        "current_host": "algo-2",
        "hosts": ["algo-1", "algo-2"],
        "network_interface_name": "eth0",
    }
    training_env = json.loads(found.pop("SM_TRAINING_ENV"))
    assert found == {
        "SM_CHANNELS": '["code","train"]',
        "SM_CHANNEL_CODE": f"{tmp_path}/input/data/code",
        "SM_CHANNEL_TRAIN": f"{tmp_path}/input/data/train",
        "SM_CURRENT_HOST": "algo-2",
        "SM_CURRENT_INSTANCE_GROUP": "homogeneousCluster",
        "SM_CURRENT_INSTANCE_GROUP_HOSTS": "[]",
        "SM_CURRENT_INSTANCE_TYPE": "local",
        "SM_DISTRIBUTION_INSTANCE_GROUPS": "[]",
        "SM_FRAMEWORK_MODULE": "sagemaker_pytorch_container.training:main",
        "SM_FRAMEWORK_PARAMS": '{"sagemaker_instance_type":"x"}',
        "SM_HOSTS": '["algo-1","algo-2"]',
        "SM_HPS": '{"epochs":3,"rate":0.1}',
        "SM_HP_EPOCHS": "3",
        "SM_HP_RATE": "0.1",
        "SM_INPUT_CONFIG_DIR": f"{tmp_path}/input/config",
        "SM_INPUT_DATA_CONFIG": json.dumps(
            {"code": train, "train": train}, separators=(",", ":"), sort_keys=True
        ),
        "SM_INPUT_DIR": f"{tmp_path}/input",
        "SM_INSTANCE_GROUPS": "[]",
        "SM_INSTANCE_GROUPS_DICT": "{}",
        "SM_IS_HETERO": "false",
        "SM_LOG_LEVEL": "20",
        "SM_MODEL_DIR": f"{tmp_path}/model",
        "SM_MODULE_DIR": f"{tmp_path}/input/data/code/sourcedir.tar.gz",
        "SM_MODULE_NAME": "train",
        "SM_NETWORK_INTERFACE_NAME": "eth0",
        "SM_NUM_CPUS": str(os.cpu_count()),
        "SM_NUM_GPUS": "0",
        "SM_NUM_NEURONS": "0",
        "SM_OUTPUT_DATA_DIR": f"{tmp_path}/output/data",
        "SM_OUTPUT_DIR": f"{tmp_path}/output",
        "SM_OUTPUT_INTERMEDIATE_DIR": f"{tmp_path}/output/intermediate",
        "SM_RESOURCE_CONFIG": json.dumps(resources, separators=(",", ":")),
        "SM_USER_ARGS": '["--epochs","3","--rate","0.1"]',
        "SM_USER_ENTRY_POINT": "train.py",
        "CURRENT_HOST": "algo-2",
        "SAGEMAKER_REGION": "eu-west-1",
        "SAGEMAKER_JOB_NAME": "",
    }
    assert training_env["job_name"] == "reviews-1"
    assert training_env["hyperparameters"] == {"epochs": 3, "rate": 0.1}
    assert training_env["master_hostname"] == "algo-1"
    assert training_env["is_master"] is False


def test_a_job_without_a_script_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CustomerError, match="sagemaker_program: required"):
        Toolkit.of(opt_ml(tmp_path, epochs="3"))


@pytest.mark.parametrize("name", ["sagemaker_torch_distributed_enabled", "sagemaker_mpi_enabled"])
def test_a_launcher_that_would_not_run_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(CustomerError, match=f"{name}: .* do not run in the local cloud"):
        Toolkit.of(opt_ml(tmp_path, **PROGRAM, **{name: "true"}))
    assert Toolkit.of(opt_ml(tmp_path / "b", **PROGRAM, **{name: "false"})).program == "train.py"


def test_what_differs_is_told_of_this_job(tmp_path: Path) -> None:
    one = Toolkit.of(opt_ml(tmp_path / "one", **PROGRAM))
    two = Toolkit.of(opt_ml(tmp_path / "two", hosts=2, **PROGRAM))
    two.code.mkdir()
    (two.code / "requirements.txt").touch()
    told = not_honoured(one)
    assert any("this job's channels: code, train" in line for line in told)
    more = not_honoured(two)[len(told) :]
    assert [line.split(" (")[0] for line in more] == [
        "the names of 2 hosts",
        "requirements.txt",
    ]
