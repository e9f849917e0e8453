"""Faults of what watches and steers a pipeline: monitor, state machines, stacks, the run itself."""

from __future__ import annotations

from penstock.localcloud.faults.fault import Fault
from penstock.localcloud.faults.values import Place, Times

FAULTS = (
    Fault(
        name="monitor-fails",
        value=Times(1),
        what="a run of the monitor's Glue job, one that checks requests, dies as soon as its "
        "script has begun",
        on_aws="the run is FAILED, and .sync fails the state with States.TaskFailed, which no "
        "retry of services' errors covers: the machine's own Catch decides (Step Functions "
        "developer guide, Run AWS Glue jobs and Handling errors)",
    ),
    Fault(
        name="state-machine-stopped",
        value=Place("Train", of="the name of a state"),
        what="the first execution that has come to this state is stopped while it is in it; that "
        "of a training is started once more",
        on_aws="StopExecution ends the execution ABORTED without Catch or Retry, and a job that "
        ".sync waits for is cancelled as far as Step Functions can (Step Functions developer "
        "guide, Run a Job; API reference, StopExecution)",
    ),
    Fault(
        name="update-race",
        value=Times(1),
        what="a deployed role's UpdateStack meets somebody else's update of the same stack",
        on_aws="UpdateStack answers ValidationError, in words only: the stack is in "
        "UPDATE_IN_PROGRESS state and can not be updated (CloudFormation user guide, "
        "troubleshooting)",
    ),
    Fault(
        name="process-killed",
        value=Place("train", of="a step of the run, as it shows them"),
        what="the command itself is killed with SIGKILL a second after the step has begun, or at "
        "its end if that comes sooner",
        on_aws="nothing: what is deployed runs on without whoever drives it, and the next run "
        "begins with what it finds",
    ),
)
