"""A deployed stage whose serving has a switch, and a model to register for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from app import CONFIGURATION, build_app
from penstock.localcloud.cloud import LocalCloud
from pipelines.registry import load
from tests.offline.sagemaker_lab import DIGITS, IMAGE, RECORDIO, channel, encode
from tests.waiting import eventually

ENDPOINT = "digits-dev"

TRUST = json.dumps(
    {
        "Statement": {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
        }
    }
)
EVERYTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
    }
)


class Switched:
    """Digits in dev without what watches, deployed with a switch."""

    def __init__(self, cloud: LocalCloud, assembly: Path) -> None:
        self.cloud = cloud
        self.client = cloud.context.clients.deployer
        self.sagemaker = self.client("sagemaker")
        self.outputs: dict[str, str] = {}
        for found in cloud.deploy(assembly).values():
            self.outputs |= found
        self.artifact = self._train()

    def _train(self) -> str:
        """The S3 address of a model; no image can be pulled here, a stand-in trains."""
        from sklearn.datasets import load_digits

        rows, labels = load_digits(return_X_y=True)
        bucket = self.outputs["ArtifactsBucketName"]
        self.client("s3").put_object(
            Bucket=bucket, Key="data/train/part-0", Body=encode(rows, labels, RECORDIO)
        )
        role = self.client("iam").create_role(RoleName="trainer", AssumeRolePolicyDocument=TRUST)
        self.client("iam").put_role_policy(
            RoleName="trainer", PolicyName="all", PolicyDocument=EVERYTHING
        )
        self.sagemaker.create_training_job(
            TrainingJobName="first",
            RoleArn=role["Role"]["Arn"],
            HyperParameters=DIGITS,
            AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "Pipe"},
            InputDataConfig=[channel("train", f"s3://{bucket}/data/train/")],
            OutputDataConfig={"S3OutputPath": f"s3://{bucket}/models"},
            ResourceConfig={
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 5,
            },
            StoppingCondition={"MaxRuntimeInSeconds": 600},
        )

        def artifact() -> str | None:
            job = self.sagemaker.describe_training_job(TrainingJobName="first")
            assert job["TrainingJobStatus"] in ("InProgress", "Completed"), job
            if job["TrainingJobStatus"] == "InProgress":
                return None
            found: str = job["ModelArtifacts"]["S3ModelArtifacts"]
            return found

        return eventually(artifact, 60)

    def approve(self) -> str:
        """Register a package as Approved, and wait for the deployment that it starts."""
        arn: str = self.sagemaker.create_model_package(
            ModelPackageGroupName=self.outputs["ModelPackageGroupName"],
            ModelApprovalStatus="Approved",
            InferenceSpecification={
                "Containers": [{"Image": IMAGE, "ModelDataUrl": self.artifact}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
        )["ModelPackageArn"]
        machine = self.outputs["DeploymentStateMachineArn"]
        assert self._ended(machine, arn)["status"] == "SUCCEEDED"
        return arn

    def switch(self, position: str) -> dict[str, Any]:
        """Start the machine as a person would, and wait; the ended execution."""
        machine = self.outputs["ServingSwitchStateMachineArn"]
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=machine, input=json.dumps({"switch": position})
        )
        return self._ended(machine, started["executionArn"])

    def _ended(self, machine: str, said: str) -> dict[str, Any]:
        """The newest execution of the machine with these words in its ARN or input, at its end."""
        states = self.client("stepfunctions")

        def look() -> dict[str, Any] | None:
            for one in states.list_executions(stateMachineArn=machine)["executions"]:
                found: dict[str, Any] = states.describe_execution(executionArn=one["executionArn"])
                if said in found["executionArn"] + found["input"] and found["status"] != "RUNNING":
                    return found
            return None

        return eventually(look, 90)

    def served(self) -> str | None:
        """The package behind the endpoint; None if there is no endpoint."""
        try:
            endpoint = self.sagemaker.describe_endpoint(EndpointName=ENDPOINT)
        except ClientError:
            return None
        config = self.sagemaker.describe_endpoint_config(
            EndpointConfigName=endpoint["EndpointConfigName"]
        )
        (variant,) = config["ProductionVariants"]
        model = self.sagemaker.describe_model(ModelName=variant["ModelName"])
        package: str = model["PrimaryContainer"]["ModelPackageName"]
        return package

    def types(self) -> set[str]:
        """The types of what the serving stack has."""
        found = self.client("cloudformation").describe_stack_resources(
            StackName=f"{ENDPOINT}-serving"
        )["StackResources"]
        return {one["ResourceType"] for one in found}


@contextmanager
def switched_stage(folder: Path, settings: dict[str, Any]) -> Iterator[Switched]:
    """The stage in a cloud of its own; `settings` are added to the environment's."""
    context = json.loads(CONFIGURATION.read_text())["context"]
    context["environments"]["dev"] |= settings
    digits = load()["digits"]
    serving = digits.serving.model_copy(update={"capture": None})
    plain = digits.model_copy(update={"serving": serving, "monitor": None, "retrain": None})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.load", lambda accelerator: {"digits": plain})
        build_app({**context, "pipeline": "digits"}, out=folder / "out", validate=False).synth()
    with LocalCloud(workdir=folder / "cloud") as cloud:
        yield Switched(cloud, folder / "out" / "assembly-digits-dev")
