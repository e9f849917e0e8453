"""What a Glue job run is told to do, and which line of its output says why it failed."""

from typing import Any

import pytest

from penstock.localcloud.errors import LocalCloudError
from penstock.localcloud.runtimes import glue_runtime
from penstock.localcloud.workers.glue.failure import error_line
from penstock.localcloud.workers.glue.settings import RunSettings, run_settings


def settings(
    arguments: dict[str, str] | None = None, timeout_minutes: int | None = None, **job: Any
) -> RunSettings:
    command = {"Name": "glueetl", "ScriptLocation": "s3://b/s.py", "PythonVersion": "3"}
    defined = {"Name": "job", "Role": "arn:r", "GlueVersion": "5.1", "Command": command} | job
    return run_settings(defined, "jr_1", arguments or {}, timeout_minutes)


def test_parameters_of_glue_itself_do_not_reach_the_script() -> None:
    got = settings(
        {
            "--own": "x",
            "--extra-py-files": "s3://b/a.zip, s3://b/c.py",
            "--enable-metrics": "true",
            "--enable-spark-ui": "false",
            "--TempDir": "s3://b/tmp/",
            "--job-bookmark-option": "job-bookmark-disable",
            "--custom-logGroup-prefix": "/own/",
        }
    )
    assert got.script_arguments == (
        *("--JOB_NAME", "job", "--JOB_RUN_ID", "jr_1", "--own", "x"),
        *("--TempDir", "s3://b/tmp/", "--job-bookmark-option", "job-bookmark-disable"),
    )
    assert got.py_files == ("s3://b/a.zip", "s3://b/c.py")
    assert got.log_group_prefix == "/own"
    assert got.without_effect == ("--enable-metrics",)


def test_what_has_no_effect_here_is_told() -> None:
    got = settings(
        {"--job-bookmark-option": "job-bookmark-enable"},
        MaxRetries=2,
        NumberOfWorkers=4,
        WorkerType="G.1X",
        SecurityConfiguration="kms",
    )
    assert got.without_effect == (
        "--job-bookmark-option",
        "MaxRetries 2",
        "SecurityConfiguration kms",
        "4 workers G.1X (two local threads instead)",
    )


def test_the_runs_timeout_goes_before_the_jobs_and_the_default() -> None:
    assert settings(timeout_minutes=3, Timeout=9).timeout_minutes == 3
    assert settings(Timeout=9).timeout_minutes == 9
    assert settings().timeout_minutes == 480


def test_wheels_and_the_installers_options_do_not_reach_the_script() -> None:
    modules = "s3://b/x/a-1-py3-none-any.whl, s3://b/b-2-py3-none-any.whl"
    options = {"--python-modules-installer-option": "--no-index --no-deps"}
    got = settings({"--additional-python-modules": modules, **options})
    assert got.wheels == ("s3://b/x/a-1-py3-none-any.whl", "s3://b/b-2-py3-none-any.whl")
    assert got.script_arguments == ("--JOB_NAME", "job", "--JOB_RUN_ID", "jr_1")
    assert got.without_effect == ()


def test_several_spark_settings_fit_into_one_parameter() -> None:
    got = settings({"--conf": "spark.a=1 --conf spark.b=x=y"})
    assert got.spark_conf == {"spark.a": "1", "spark.b": "x=y"}
    with pytest.raises(LocalCloudError, match=r"'spark\.a' is not key=value"):
        settings({"--conf": "spark.a"})


@pytest.mark.parametrize("name", ["--debug", "--endpoint", "--mode"])
def test_names_that_glue_keeps_for_itself_are_refused(name: str) -> None:
    with pytest.raises(LocalCloudError, match=f"Glue job job: {name} is an argument of Glue's own"):
        settings({name: "baseline"})


@pytest.mark.parametrize(
    ("arguments", "job", "message"),
    [
        ({"--job-language": "scala"}, {}, "--job-language 'scala'"),
        ({"--additional-python-modules": "s3://b/a.whl,x"}, {}, "'x' cannot be installed here"),
        ({"--additional-python-modules": "s3://b/a.zip"}, {}, r"'s3://b/a\.zip' cannot be"),
        ({"--python-modules-installer-option": "-i x"}, {}, "'-i' is not known here, only --no"),
        ({}, {"Command": {"Name": "gluestreaming"}}, "'gluestreaming' cannot run here"),
        ({}, {"Command": {"Name": "glueetl", "PythonVersion": "2"}}, "PythonVersion '2'"),
    ],
)
def test_other_kinds_of_jobs_are_refused(
    arguments: dict[str, str], job: dict[str, Any], message: str
) -> None:
    with pytest.raises(LocalCloudError, match=message):
        settings(arguments, **job)


def test_glue_versions_without_a_pinned_runtime_are_refused_by_name() -> None:
    with pytest.raises(
        LocalCloudError, match=r"GlueVersion '4\.0' cannot run here: use one of 5\.1"
    ):
        glue_runtime("4.0")
    with pytest.raises(LocalCloudError, match="a job without GlueVersion"):
        glue_runtime(None)
    assert glue_runtime("5.1").python.exists()
    assert glue_runtime("5.1").java_home.is_dir()
    assert all(jar.exists() for jar in glue_runtime("5.1").s3_jars)


TRACEBACK = ["Traceback (most recent call last):", '  File "x.py", line 1, in <module>', "    f()"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["WARN starting", *TRACEBACK, "ValueError: no data"], "ValueError: no data"),
        ([*TRACEBACK, "KeyError: 1", "", *TRACEBACK, "own.PrepareError: 2"], "own.PrepareError: 2"),
        ([*TRACEBACK, "KeyboardInterrupt", "26/01/01 WARN later"], "KeyboardInterrupt"),
        (
            [
                *TRACEBACK,
                "py4j.protocol.Py4JJavaError: An error occurred while calling o1.x.",
                ": org.apache.spark.SparkException: lost",
                "\tat org.apache",
            ],
            "py4j.protocol.Py4JJavaError: An error occurred while calling o1.x. "
            "org.apache.spark.SparkException: lost",
        ),
        (["usage: x [-h]", "x: error: --a is required", ""], "x: error: --a is required"),
        ([], "the script ended with exit status 3 and printed nothing"),
    ],
)
def test_the_line_that_says_why_is_found(lines: list[str], expected: str) -> None:
    assert error_line(lines, 3) == expected
