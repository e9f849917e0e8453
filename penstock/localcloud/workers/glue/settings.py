"""What one job run is to do: the job's definition and the run's arguments, sorted out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from penstock.localcloud.errors import LocalCloudError

# botocore 1.44.5 glue model, JobRun.Timeout: the default from Glue 5.0 on
DEFAULT_TIMEOUT_MINUTES = 480

# Glue developer guide, "Using Python libraries": names from a package index, wheels, and from 5.0
# on zips of wheels and requirements files; here wheels, with these options of the installer
_MODULES = "--additional-python-modules"
_INSTALLER_OPTION = "--python-modules-installer-option"
_INSTALLER_OPTIONS = {"--no-index", "--no-deps", "--upgrade"}

# Parameters that Glue itself consumes (Glue developer guide, "Using job parameters in AWS Glue
# jobs") and that have an effect here too, or need none.
_CONSUMED = {
    "--extra-py-files",
    "--extra-files",
    "--extra-jars",
    _MODULES,
    _INSTALLER_OPTION,
    "--conf",
    "--custom-logGroup-prefix",
    "--custom-logStream-prefix",
    "--job-language",
    "--scriptLocation",
    "--enable-continuous-cloudwatch-log",  # from Glue 5.0 on every job logs as it runs
}
# Glue consumes these as well; nothing stands behind them here, which the job's log says.
_WITHOUT_EFFECT = {
    "--enable-metrics",
    "--enable-observability-metrics",
    "--enable-job-insights",
    "--enable-spark-ui",
    "--spark-event-logs-path",
    "--enable-auto-scaling",
    "--enable-glue-datacatalog",
    "--enable-continuous-log-filter",
    "--continuous-log-logGroup",  # Glue 4.0 and earlier
    "--continuous-log-logStreamPrefix",
    "--continuous-log-conversionPattern",
    "--enable-s3-parquet-optimized-committer",
    "--enable-rename-algorithm-v2",
    "--user-jars-first",
    "--use-postgres-driver",
    "--datalake-formats",
    "--write-shuffle-files-to-s3",
    "--disable-proxy-v2",
    "--class",
}
# "Internal to AWS Glue. Do not set." (same page); what a run with one of them does is unconfirmed.
# --JOB_NAME is another, but scripts that ask for it are given it anyway.
_RESERVED = ("--debug", "--endpoint", "--mode")


@dataclass(frozen=True)
class RunSettings:
    """One job run, ready to be carried out."""

    job_name: str
    run_id: str
    role_arn: str
    glue_version: str | None
    script_uri: str
    timeout_minutes: int
    script_arguments: tuple[str, ...]
    py_files: tuple[str, ...]
    files: tuple[str, ...]
    jars: tuple[str, ...]
    wheels: tuple[str, ...]
    spark_conf: Mapping[str, str]
    log_group_prefix: str
    log_stream: str
    without_effect: tuple[str, ...]


def run_settings(
    job: Mapping[str, Any], run_id: str, arguments: Mapping[str, str], timeout_minutes: int | None
) -> RunSettings:
    """From GetJob's Job, and the arguments and timeout of one run.

    `arguments` are the job's DefaultArguments with the run's Arguments over them. LocalCloudError
    for what this local cloud cannot carry out: other commands than glueetl, Python 2, modules that
    are no wheels on S3; and for arguments whose names Glue keeps for itself.
    """
    name = str(job["Name"])
    for reserved in _RESERVED:
        if reserved in arguments:
            raise LocalCloudError(
                f"Glue job {name}: {reserved} is an argument of Glue's own, which jobs must not "
                "set (Glue developer guide, job parameters): give yours another name"
            )
    command = job["Command"]
    if command.get("Name") != "glueetl":
        raise LocalCloudError(
            f"Glue job {name}: Command.Name {command.get('Name')!r} cannot run here, "
            "only Spark jobs (glueetl)"
        )
    if command.get("PythonVersion", "3") not in ("3", "3.11"):
        raise LocalCloudError(
            f"Glue job {name}: Command.PythonVersion {command['PythonVersion']!r} cannot run here, "
            "use 3"
        )
    language = arguments.get("--job-language", "python")
    if language != "python":
        raise LocalCloudError(f"Glue job {name}: --job-language {language!r} cannot run here")
    return RunSettings(
        job_name=name,
        run_id=run_id,
        role_arn=str(job["Role"]),
        glue_version=job.get("GlueVersion"),
        script_uri=str(command["ScriptLocation"]),
        timeout_minutes=timeout_minutes or job.get("Timeout") or DEFAULT_TIMEOUT_MINUTES,
        script_arguments=_script_arguments(name, run_id, arguments),
        py_files=_addresses(arguments.get("--extra-py-files")),
        files=_addresses(arguments.get("--extra-files")),
        jars=_addresses(arguments.get("--extra-jars")),
        wheels=_wheels(name, arguments),
        spark_conf=_spark_conf(name, arguments.get("--conf")),
        log_group_prefix=arguments.get("--custom-logGroup-prefix", "/aws-glue/jobs").rstrip("/"),
        log_stream=arguments.get("--custom-logStream-prefix", "") + run_id,
        without_effect=_without_effect(job, arguments),
    )


def _script_arguments(name: str, run_id: str, arguments: Mapping[str, str]) -> tuple[str, ...]:
    """What the script finds in sys.argv: its own arguments and JOB_NAME, JOB_RUN_ID.

    Glue adds more of its own (JOB_ID, stray values), so scripts must bear unknown arguments.
    """
    passed = ["--JOB_NAME", name, "--JOB_RUN_ID", run_id]
    for key, value in arguments.items():
        if key not in _CONSUMED | _WITHOUT_EFFECT | {"--JOB_NAME", "--JOB_RUN_ID"}:
            passed += [key, value]
    return tuple(passed)


def _addresses(value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (value or "").split(",") if part.strip())


def _wheels(name: str, arguments: Mapping[str, str]) -> tuple[str, ...]:
    modules = _addresses(arguments.get(_MODULES))
    for module in modules:
        if not (module.startswith(("s3://", "s3a://")) and module.endswith(".whl")):
            raise LocalCloudError(
                f"Glue job {name}: {_MODULES} {module!r} cannot be installed here, where no "
                "package index is; give the address of a wheel, s3://bucket/name.whl"
            )
    for option in arguments.get(_INSTALLER_OPTION, "").split():
        if option not in _INSTALLER_OPTIONS:
            raise LocalCloudError(
                f"Glue job {name}: {_INSTALLER_OPTION} {option!r} is not known here, only "
                f"{', '.join(sorted(_INSTALLER_OPTIONS))}"
            )
    return modules


def _spark_conf(name: str, value: str | None) -> dict[str, str]:
    """Glue's --conf: "spark.a=b", more of them joined with " --conf "."""
    conf = {}
    for part in re.split(r"\s+--conf\s+", value.strip()) if value else []:
        key, found, setting = part.partition("=")
        if not found:
            raise LocalCloudError(f"Glue job {name}: --conf {part!r} is not key=value")
        conf[key.strip()] = setting.strip()
    return conf


def _without_effect(job: Mapping[str, Any], arguments: Mapping[str, str]) -> tuple[str, ...]:
    without = [key for key in arguments if key in _WITHOUT_EFFECT and arguments[key] != "false"]
    if arguments.get("--job-bookmark-option", "job-bookmark-disable") != "job-bookmark-disable":
        without.append("--job-bookmark-option")
    if arguments.get(_MODULES) and "--no-deps" not in arguments.get(_INSTALLER_OPTION, "").split():
        without.append(f"{_MODULES} (their requirements are not installed)")
    if job.get("MaxRetries"):
        without.append(f"MaxRetries {job['MaxRetries']}")
    if job.get("SecurityConfiguration"):
        without.append(f"SecurityConfiguration {job['SecurityConfiguration']}")
    if job.get("NumberOfWorkers"):
        workers = f"{job['NumberOfWorkers']} workers {job.get('WorkerType', '')}".strip()
        without.append(f"{workers} (two local threads instead)")
    if job.get("Connections", {}).get("Connections"):
        without.append("Connections")
    return tuple(without)
