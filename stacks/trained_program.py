"""What trains and what answers: an algorithm's image, or a script in a framework's images."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from constructs import Construct

from penstock.catalog.images import Image
from pipelines.spec import Pipeline, ScriptTraining
from pipelines.spec.script_training import CODE_CHANNEL
from stacks.algorithm_image import AlgorithmImage
from stacks.input_channels import file_channel
from stacks.permission import Permission, allow
from stacks.script_package import ScriptPackage

# inside the container, whatever the machine
_CODE = f"/opt/ml/input/data/{CODE_CHANNEL}"
SERVING_SCRIPT = "inference.py"


class TrainedProgram(Construct):
    """The parts of CreateTrainingJob and of a model that depend on what is trained.

    Attributes:
        training_image: the image that trains.
        serving_image: the image that answers; for a first-party algorithm the same.
        comparison_image: the one that answers where models are compared.
        compiling_image: the one that compiles, None where nothing is compiled.
        specification: of AlgorithmSpecification, all but the input mode.
        hyperparameters: what the container is told.
        channels: beside those of the data: the script's archive. A job that is isolated from the
            network cannot fetch it, so that SageMaker brings it, as the SageMaker SDK 2.257.7
            does (estimator.py, code_channel_name).
        reads: what the training role needs for `channels`.
        environment: of the container that answers.
    """

    def __init__(self, scope: Construct, construct_id: str, *, pipeline: Pipeline) -> None:
        super().__init__(scope, construct_id)
        training = pipeline.training
        compilation = pipeline.compilation
        self._images: dict[str, AlgorithmImage] = {}
        self.training_image = self._image("Image", training.image)
        self.serving_image = self._image(
            "ServingImage", training.hosting_image(pipeline.serving.instance_type)
        )
        self.comparison_image = self._image(
            "ComparisonImage", training.hosting_image(pipeline.comparison_instance_type)
        )
        self.compiling_image: AlgorithmImage | None = None
        self.specification: dict[str, Any] = {"TrainingImage": self.training_image.uri}
        self.hyperparameters: dict[str, str] = dict(training.hyperparameters)
        self.channels: list[dict[str, Any]] = []
        self.reads: list[Permission] = []
        self.environment: dict[str, str] = {}
        self._archive = ""
        if isinstance(training, ScriptTraining):
            scripts = [training.script]
            if compilation is not None:
                scripts.append(compilation.script)
                self.compiling_image = self._image(
                    "CompilingImage", training.image_on(compilation.instance_type)
                )
            self._add_script(training, scripts)

    def container(self, artifact_path: str) -> dict[str, Any]:
        """The container that answers; `artifact_path` finds its model in a state's input."""
        return self._container(self.serving_image, artifact_path)

    def compared_container(self, artifact_path: str) -> dict[str, Any]:
        """The same where models are compared."""
        return self._container(self.comparison_image, artifact_path)

    def starting(self, script: str) -> dict[str, str]:
        """The hyperparameters that have the container start a script of the archive.

        The training toolkit reads each value as JSON (aws/sagemaker-training-toolkit@3383937).
        """
        return {
            "sagemaker_program": json.dumps(script),
            "sagemaker_submit_directory": json.dumps(f"{_CODE}/{self._archive}"),
        }

    def _image(self, construct_id: str, image: Image) -> AlgorithmImage:
        if image.path not in self._images:
            self._images[image.path] = AlgorithmImage(self, construct_id, image=image)
        return self._images[image.path]

    def _container(self, image: AlgorithmImage, artifact_path: str) -> dict[str, Any]:
        described = {"Image": image.uri, "ModelDataUrl.$": artifact_path}
        return {**described, "Environment": self.environment} if self.environment else described

    def _add_script(self, training: ScriptTraining, scripts: Sequence[str]) -> None:
        package = ScriptPackage(self, "Script", source=training.source, scripts=scripts)
        self.specification["MetricDefinitions"] = [
            {"Name": metric.name, "Regex": metric.pattern} for metric in training.metrics
        ]
        self._archive = package.key.rpartition("/")[2]
        self.hyperparameters |= self.starting(training.script)
        self.channels.append(file_channel(CODE_CHANNEL, {"S3Uri": package.url}))
        self.reads += [
            allow(
                ["s3:ListBucket"],
                [package.bucket_arn],
                conditions={"StringEquals": {"s3:prefix": package.key}},
            ),
            allow(["s3:GetObject"], [package.arn]),
        ]
        self.environment["SAGEMAKER_PROGRAM"] = SERVING_SCRIPT
