"""`train`: what the SageMaker training toolkit does around a user's script."""

from __future__ import annotations

import os
from pathlib import Path

from penstock.localcloud.engines.container import hosts, trouble
from penstock.localcloud.engines.container.account import say_beforehand
from penstock.localcloud.engines.container.errors import CustomerError
from penstock.localcloud.engines.container.failure import report_failures
from penstock.localcloud.engines.container.hosts import Hosts
from penstock.localcloud.engines.container.opt_ml import OptMl
from penstock.localcloud.engines.script_mode.honesty import not_honoured
from penstock.localcloud.engines.script_mode.meeting_point import meeting_point
from penstock.localcloud.engines.script_mode.source import bring
from penstock.localcloud.engines.script_mode.toolkit import Toolkit
from penstock.localcloud.engines.script_mode.user_program import ScriptError, UserProgram
from penstock.localcloud.errors import LocalCloudError
from penstock.localcloud.runtimes import torch_python

# set here alone: a script that compiles for a chip may take a stand-in for the compiler then
LOCAL = "PENSTOCK_LOCAL"
# between the platform and this program: not the script's
_OWN = (trouble.VARIABLE, hosts.VARIABLE)


def main(opt_ml: OptMl) -> None:
    """Run the job's script; whatever goes wrong is in output/failure and the exit code is 1."""
    report_failures(opt_ml)
    toolkit = Toolkit.of(opt_ml)
    python = _python()
    bring(toolkit.submitted, toolkit.code)
    differences = not_honoured(toolkit)
    say_beforehand("script mode", toolkit.current_host, toolkit.hyperparameters.users, differences)
    opt_ml.account(not_honoured=differences, records={})
    program = UserProgram(
        python=python,
        folder=toolkit.code,
        program=toolkit.program,
        arguments=toolkit.hyperparameters.arguments(),
        environment=_environment(toolkit, Hosts.of(opt_ml)),
    )
    try:
        program.run()
    except ScriptError as error:
        print(error, flush=True)
        _fail(opt_ml, str(error))
    (opt_ml.root / "output" / "success").touch()


def _fail(opt_ml: OptMl, reason: str) -> None:
    """What the script itself has written stays; whatever its exit code was, the container's is 1.

    Source: aws/sagemaker-training-toolkit@3383937, trainer.py and files.write_failure_file.
    """
    if not (opt_ml.root / "output" / "failure").exists():
        opt_ml.fail(reason)
    raise SystemExit(1)


def _python() -> Path:
    try:
        return torch_python()
    except LocalCloudError as error:
        raise CustomerError(str(error)) from None


def _environment(toolkit: Toolkit, job: Hosts) -> dict[str, str]:
    """The container's own variables and those of the toolkits."""
    environment = {name: value for name, value in os.environ.items() if name not in _OWN}
    if len(job.names) > 1:
        # the hosts share this machine
        each = max(1, (os.cpu_count() or 1) // len(job.names))
        environment.setdefault("OMP_NUM_THREADS", str(each))
    return {
        **environment,
        **toolkit.variables(),
        **meeting_point(job),
        "HF_HUB_OFFLINE": "1",
        LOCAL: "1",
        "PYTHONPATH": str(toolkit.code),
    }
