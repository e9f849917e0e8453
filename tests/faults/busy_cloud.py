"""A running `penstock up` in which everything that has processes is in the middle of its work."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

from tests.assemblies import allow, arn, ref, role, template, write_assembly
from tests.offline.sagemaker_lab import IMAGE, regressor_archive
from tests.processes import Process, processes_below
from tests.runs.endless_training import is_training, train_without_end
from tests.runs.up_process import Up
from tests.waiting import eventually

SERVES = "linear_learner serve"
SERVICES = ("lambda", "firehose", "glue", "sagemaker")
FUNCTION = """
import time
def handler(event, context):
    if "records" in event:
        time.sleep(600)
"""
# its Java has started Python workers by then, which sleep
JOB = """
import time
from pyspark.sql import SparkSession
context = SparkSession.builder.getOrCreate().sparkContext
context.parallelize([1, 2], 2).map(lambda _: time.sleep(600)).collect()
"""


def busy_assembly(folder: Path) -> Path:
    """A bucket, a role for all, a function that Firehose waits for, a job."""
    resources = template(
        Lake=("S3::Bucket", {}),
        Role=(
            "IAM::Role",
            role(
                allow(["s3:*", "logs:*", "lambda:InvokeFunction", "cloudwatch:*"], "*"),
                principal={"Service": [f"{service}.amazonaws.com" for service in SERVICES]},
            ),
        ),
        Sleeper=(
            "Lambda::Function",
            {
                "FunctionName": "busy",
                "Code": {"ZipFile": FUNCTION},
                "Handler": "index.handler",
                "Role": arn("Role"),
                "Runtime": "python3.13",
                "Timeout": 600,
            },
        ),
        Delivery=(
            "KinesisFirehose::DeliveryStream",
            {
                "DeliveryStreamName": "busy",
                "DeliveryStreamType": "DirectPut",
                "ExtendedS3DestinationConfiguration": {
                    "BucketARN": arn("Lake"),
                    "RoleARN": arn("Role"),
                    "BufferingHints": {"IntervalInSeconds": 0, "SizeInMBs": 1},
                    "ProcessingConfiguration": {
                        "Enabled": True,
                        "Processors": [
                            {
                                "Type": "Lambda",
                                "Parameters": [
                                    {"ParameterName": name, "ParameterValue": value}
                                    for name, value in (
                                        ("LambdaArn", arn("Sleeper")),
                                        ("BufferIntervalInSeconds", "0"),
                                    )
                                ],
                            }
                        ],
                    },
                },
            },
        ),
        Job=(
            "Glue::Job",
            {
                "Name": "busy",
                "Command": {
                    "Name": "glueetl",
                    "PythonVersion": "3",
                    "ScriptLocation": {"Fn::Sub": "s3://${Lake}/job.py"},
                },
                "GlueVersion": "5.1",
                "NumberOfWorkers": 2,
                "Role": arn("Role"),
                "WorkerType": "G.1X",
            },
        ),
    )
    resources["Outputs"] = {
        "Lake": {"Value": ref("Lake")},
        "RoleArn": {"Value": arn("Role")},
    }
    return write_assembly(folder, {"busy": resources})


class BusyCloud:
    """Each method begins a piece of work and returns when it is in the middle of it."""

    def __init__(self, up: Up, folder: Path) -> None:
        self.up = up
        self._folder = folder
        self.lake = up.output("Lake")
        self.role_arn = up.output("RoleArn")

    def deliver(self) -> None:
        """Firehose waits for its function."""
        self.up.client("firehose").put_record(DeliveryStreamName="busy", Record={"Data": b"{}"})
        eventually(lambda: self.running("bootstrap.py"))

    def invoke(self) -> None:
        """A function's process that waits for more."""
        self.up.client("lambda").invoke(FunctionName="busy", Payload=b"{}")
        assert self.running("bootstrap.py")

    def begin_job(self) -> None:
        """Spark's Java and its Python workers."""
        self.up.client("s3").put_object(Bucket=self.lake, Key="job.py", Body=JOB.encode())
        self.up.client("glue").start_job_run(JobName="busy")

    def await_job(self) -> None:
        """Until the job's own function runs in a worker."""
        eventually(lambda: len(self.running("pyspark.daemon")) > 1, seconds=120)

    def train(self) -> None:
        """A training container that reads FIFOs."""
        train_without_end(self.up, lake=self.lake, artifacts=self.lake, role_arn=self.role_arn)
        eventually(lambda: is_training(self.up), seconds=60)

    def serve(self) -> None:
        """An endpoint in service, made by a stack."""
        model = regressor_archive(self._folder, 1.0)
        for name in ("old", "new"):
            self.up.client("s3").put_object(Bucket=self.lake, Key=f"{name}.tar.gz", Body=model)
        stacks = self.up.client("cloudformation")
        stacks.create_stack(StackName="serving", TemplateBody=self._serving("old"))
        stacks.get_waiter("stack_create_complete").wait(
            StackName="serving", WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )

    def update_endpoint(self) -> None:
        """CloudFormation updates the stack: the old container serves, the new one comes up."""
        before = {process.pid for process in self.running(SERVES)}
        stacks = self.up.client("cloudformation")
        stacks.update_stack(StackName="serving", TemplateBody=self._serving("new"))
        self._hold_another(before)
        (stack,) = stacks.describe_stacks(StackName="serving")["Stacks"]
        assert stack["StackStatus"] == "UPDATE_IN_PROGRESS"

    def transform(self) -> None:
        """The container of a batch transform."""
        before = {process.pid for process in self.running(SERVES)}
        self.up.client("s3").put_object(Bucket=self.lake, Key="in/rows.csv", Body=b"1,2\n")
        self.up.client("sagemaker").create_transform_job(
            TransformJobName="busy",
            ModelName="old",
            TransformInput={
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": f"s3://{self.lake}/in/",
                    }
                },
                "ContentType": "text/csv",
            },
            TransformOutput={"S3OutputPath": f"s3://{self.lake}/out"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        )
        self._hold_another(before)

    def running(self, program: str) -> list[Process]:
        """Its processes with this in their arguments."""
        return [p for p in processes_below(self.up.temporary) if program in p.arguments]

    def ports(self) -> set[int]:
        """Those that containers were given."""
        found = (re.search(r"SAGEMAKER_BIND_TO_PORT=(\d+)", p.told) for p in self.running(SERVES))
        return {int(match.group(1)) for match in found if match}

    def _hold_another(self, before: set[int]) -> None:
        """A container that comes up is stopped there, or it would be through in a second."""
        new = eventually(lambda: [p for p in self.running(SERVES) if p.pid not in before])
        os.kill(new[0].pid, signal.SIGSTOP)

    def _serving(self, name: str) -> str:
        resources = template(
            Model=(
                "SageMaker::Model",
                {
                    "ModelName": name,
                    "ExecutionRoleArn": self.role_arn,
                    "PrimaryContainer": {
                        "Image": IMAGE,
                        "ModelDataUrl": f"s3://{self.lake}/{name}.tar.gz",
                    },
                },
            ),
            Config=(
                "SageMaker::EndpointConfig",
                {
                    "ProductionVariants": [
                        {
                            "InitialInstanceCount": 1,
                            "InitialVariantWeight": 1,
                            "InstanceType": "ml.m5.large",
                            "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
                            "VariantName": "all",
                        }
                    ]
                },
            ),
            Endpoint=(
                "SageMaker::Endpoint",
                {"EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}},
            ),
        )
        return json.dumps(resources)
