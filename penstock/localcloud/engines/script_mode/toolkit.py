"""What the training toolkit finds in /opt/ml, and what it tells a script of it.

Source: aws/sagemaker-training-toolkit@3383937, environment.py. Of what this machine has only its
CPUs count: the PyTorch that stands in here is the build for them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penstock.localcloud.engines.container.errors import CustomerError
from penstock.localcloud.engines.container.opt_ml import IN_CONTAINER, OptMl
from penstock.localcloud.engines.script_mode.hyperparameters import Hyperparameters, as_variable

_INFO = 20  # logging.INFO
_FRAMEWORK_MODULE = "sagemaker_pytorch_container.training:main"  # what the images have set
# aws/sagemaker-pytorch-training-toolkit@d929872, training.py: what starts the script otherwise
_LAUNCHERS = (
    "sagemaker_mpi_enabled",
    "sagemaker_parameter_server_enabled",
    "sagemaker_distributed_dataparallel_enabled",
    "sagemaker_pytorch_ddp_enabled",
    "sagemaker_pytorch_xla_multi_worker_enabled",
    "sagemaker_torch_distributed_enabled",
)
# facts without a variable of that name
_NO_VARIABLES = frozenset(
    {
        "additional_framework_parameters",
        "channel_input_dirs",
        "distribution_hosts",
        "hyperparameters",
        "is_master",
        "job_name",
        "master_hostname",
    }
)


@dataclass(frozen=True)
class Toolkit:
    """`program` is the script's file name, `submitted` where its code lies, a path or s3://."""

    opt_ml: OptMl
    hyperparameters: Hyperparameters
    program: str
    submitted: str

    @classmethod
    def of(cls, opt_ml: OptMl) -> Toolkit:
        """By the configuration files. CustomerError for a job that names no script."""
        found = Hyperparameters.read(opt_ml.config("hyperparameters"))
        for name in _LAUNCHERS:
            if found.platforms.get(name):
                raise CustomerError(
                    f"hyperparameter {name}: the toolkit's own launchers do not run in the local "
                    "cloud; let the script start torchrun by SM_HOSTS and SM_CURRENT_HOST"
                )
        program = os.environ.get("SAGEMAKER_PROGRAM") or found.platforms.get("sagemaker_program")
        if not program:
            raise CustomerError(
                "hyperparameter sagemaker_program: required by the training toolkit, and not given"
            )
        submitted = str(found.platforms.get("sagemaker_submit_directory") or cls._code(opt_ml))
        return cls(opt_ml, found, str(program), _here(submitted, opt_ml))

    @property
    def code(self) -> Path:
        """Where the script's code is unpacked, and runs."""
        return self._code(self.opt_ml)

    @staticmethod
    def _code(opt_ml: OptMl) -> Path:
        return opt_ml.root / "code"

    @property
    def hosts(self) -> list[str]:
        """All hosts of the job."""
        return list(self.opt_ml.config("resourceconfig").get("hosts", ["algo-1"]))

    @property
    def current_host(self) -> str:
        """This one."""
        return str(self.opt_ml.config("resourceconfig").get("current_host", "algo-1"))

    def variables(self) -> dict[str, str]:
        """The SM_ variables, and the few that the toolkit sets beside them."""
        facts = self._facts()
        channels = facts["channel_input_dirs"]
        own = {
            **{name: value for name, value in facts.items() if name not in _NO_VARIABLES},
            "training_env": facts,
            "channels": sorted(channels),
            "hps": facts["hyperparameters"],
            "framework_params": facts["additional_framework_parameters"],
            "user_args": self.hyperparameters.arguments(),
            **{f"channel_{name}": path for name, path in channels.items()},
            **{f"hp_{name}": value for name, value in self.hyperparameters.users.items()},
        }
        platforms = self.hyperparameters.platforms
        region = platforms.get("sagemaker_region") or os.environ.get("AWS_REGION", "")
        return {
            **{f"SM_{name.upper()}": as_variable(value) for name, value in own.items()},
            "CURRENT_HOST": self.current_host,
            "SAGEMAKER_REGION": str(region),
            "SAGEMAKER_JOB_NAME": str(platforms.get("sagemaker_job_name", "")),
        }

    def _facts(self) -> dict[str, Any]:
        """All in one, as SM_TRAINING_ENV has it."""
        root = self.opt_ml.root
        resources = self.opt_ml.config("resourceconfig")
        channels = self.opt_ml.config("inputdataconfig")
        hosts = self.hosts
        return {
            "additional_framework_parameters": self.hyperparameters.frameworks,
            "channel_input_dirs": {name: str(self.opt_ml.data / name) for name in channels},
            "current_host": self.current_host,
            "current_instance_group": resources.get("current_group_name", "homogeneousCluster"),
            "current_instance_group_hosts": [],
            "current_instance_type": resources.get("current_instance_type", "local"),
            "distribution_hosts": hosts,
            "distribution_instance_groups": [],
            "framework_module": _FRAMEWORK_MODULE,
            "hosts": hosts,
            "hyperparameters": dict(self.hyperparameters.users),
            "input_config_dir": str(root / "input" / "config"),
            "input_data_config": channels,
            "input_dir": str(root / "input"),
            "instance_groups": [],
            "instance_groups_dict": {},
            "is_hetero": False,
            "is_master": self.current_host == hosts[0],
            "job_name": os.environ.get("TRAINING_JOB_NAME"),
            "log_level": self.hyperparameters.platforms.get("sagemaker_container_log_level", _INFO),
            "master_hostname": hosts[0],
            "model_dir": str(self.opt_ml.model),
            "module_dir": self.submitted,
            "module_name": self.program.removesuffix(".py"),
            "network_interface_name": resources.get("network_interface_name", "eth0"),
            "num_cpus": os.cpu_count() or 1,
            "num_gpus": 0,
            "num_neurons": 0,
            "output_data_dir": str(root / "output" / "data"),
            "output_dir": str(root / "output"),
            "output_intermediate_dir": str(root / "output" / "intermediate"),
            "resource_config": resources,
            "user_entry_point": self.program,
        }


def _here(path: str, opt_ml: OptMl) -> str:
    """A path below /opt/ml, where it lies on this machine."""
    inside = Path(path)
    if not inside.is_relative_to(IN_CONTAINER):
        return path
    return str(opt_ml.root / inside.relative_to(IN_CONTAINER))
