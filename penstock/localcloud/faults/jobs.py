"""Faults of Glue jobs, training jobs and endpoints."""

from __future__ import annotations

from penstock.localcloud.faults.fault import Fault
from penstock.localcloud.faults.values import Once, Times

_TRAINING_FAILS = "TrainingJobStatus is Failed, nothing is uploaded, and .sync fails the state"

FAULTS = (
    Fault(
        name="glue-fails-midway",
        value=Once(1, of="files that a Glue job has written when it dies", least=1, most=1000),
        what="a Glue job with --output_uri is killed once it has written so many files there",
        on_aws="the run is FAILED, what it had written stays, and nothing starts it again unless "
        "MaxRetries or the caller does (Glue API reference, JobRun and Job.MaxRetries)",
    ),
    Fault(
        name="training-exits",
        value=Times(1),
        what="a training's container gives up after its first epoch: exit code 1, output/failure",
        on_aws=f"{_TRAINING_FAILS}; FailureReason begins with AlgorithmError and has the first "
        "1,024 characters of output/failure (SageMaker developer guide, "
        "your-algorithms-training-signal-success-failure, your-algorithms-training-algo-output)",
    ),
    Fault(
        name="training-out-of-memory",
        value=Times(1),
        what="a training's container is killed with SIGKILL after its first epoch: exit code 137",
        on_aws=f"{_TRAINING_FAILS}; FailureReason asks for an instance type with more memory "
        "(as users report it; on no page of AWS)",
    ),
    Fault(
        name="training-hangs",
        value=Once(5, of="seconds that MaxRuntimeInSeconds is taken for", least=1, most=3600),
        what="a training's container stays in its first epoch for ever",
        on_aws="SIGTERM at MaxRuntimeInSeconds, SIGKILL 120 s later; Stopped with the secondary "
        "status MaxRuntimeExceeded, which fails the state that waits by .sync "
        "(botocore 1.44.5 sagemaker model, StoppingCondition and SecondaryStatus)",
    ),
    Fault(
        name="spot-interruption",
        value=Times(1),
        what="the machines of a managed-spot training are taken back once it has kept a "
        "checkpoint, or printed a line where none are kept",
        on_aws="Interrupted, then Starting on other machines as soon as there are some within "
        "MaxWaitTimeInSeconds, with the checkpoints from S3; without any the training begins anew "
        "(SageMaker developer guide, model-managed-spot-training and model-checkpoints)",
    ),
    Fault(
        name="corrupt-model",
        value=Times(1),
        what="model.tar.gz loses its second half in S3 just before an endpoint loads it",
        on_aws="the container is never started: CreateEndpoint ends Failed, UpdateEndpoint leaves "
        "the old model in service, CloudFormation rolls back (FailureReason as in "
        "aws/deep-learning-containers pull request 569)",
    ),
    Fault(
        name="ping-never-healthy",
        value=Once(5, of="seconds that the limit is taken for", least=1, most=3600),
        what="a model's container answers GET /ping with 503 for ever",
        on_aws="after 8 minutes, or ContainerStartupHealthCheckTimeoutInSeconds, the launch "
        "fails: CreateEndpoint ends Failed, UpdateEndpoint is not completed and the old model "
        "stays in service (SageMaker developer guide, your-algorithms-inference-code)",
    ),
    Fault(
        name="endpoint-killed",
        value=Once(10, of="requests that an endpoint is sent before", least=1, most=1_000_000),
        what="an endpoint's container is killed with SIGKILL while it answers a request",
        on_aws="requests under way fail with ModelError; /ping fails, and the unhealthy container "
        "is replaced while the endpoint stays InService (SageMaker developer guide, "
        "your-algorithms-inference-code; how soon is unconfirmed)",
    ),
)
