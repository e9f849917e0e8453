"""Sets Spark up from outside the script: a configuration folder and environment variables."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from penstock.localcloud.runtimes import GlueRuntime

# the options that a class archive must be made and used with alike
JAVA_OPTIONS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
# a Java that is killed would leave it in /tmp/hsperfdata_USER, whatever java.io.tmpdir says
_NO_FILE_OF_ITS_OWN = "-XX:-UsePerfData"
# Small data on one machine: starting fast matters, peak throughput does not. The quick compiler
# alone and no verification of class files (they come from locked wheels) halve the Java side's
# processor time; compiling each query's plan costs more than it gains on a few thousand rows.
_QUICK_START = {
    "spark.master": "local[2]",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.memory": "1g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": "4",
}
# Glue's s3:// is EMRFS; here the same addresses go to Hadoop's own S3 file system.
_S3 = {
    **{
        f"spark.hadoop.fs.{scheme}.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem"
        for scheme in ("s3", "s3a", "s3n")
    },
    # Spark hands AWS_* from the environment to this provider: no secret lies in a file
    "spark.hadoop.fs.s3a.aws.credentials.provider": (
        "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider"
    ),
    "spark.hadoop.fs.s3a.path.style.access": "true",
    "spark.hadoop.fs.s3a.bucket.probe": "0",
    "spark.hadoop.fs.s3a.attempts.maximum": "2",
    "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2",
}
_SETTINGS, _LOG_SETTINGS = "spark-defaults.conf", "log4j2.properties"
_LOGGING = """\
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
appender.file.type = File
appender.file.name = file
appender.file.fileName = {log}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{yy/MM/dd HH:mm:ss}} %p %c{{1}}: %m%n%ex
"""


def configure(
    folder: Path,
    *,
    runtime: GlueRuntime,
    endpoint_url: str,
    jars: Sequence[Path],
    conf: Mapping[str, str],
    temporary: Path,
) -> Path:
    """Write spark-defaults.conf and the logging set-up into `folder`; returns Spark's log file.

    `conf` is the job's own and wins. What Java puts aside goes to `temporary`.
    """
    folder.mkdir()
    log = folder / "spark.log"
    settings = {
        **_QUICK_START,
        **_S3,
        "spark.driver.extraJavaOptions": " ".join(
            [*_java_options(runtime, jars), f'"-Djava.io.tmpdir={temporary}"']
        ),
        "spark.hadoop.fs.s3a.endpoint": endpoint_url,
        "spark.hadoop.fs.s3a.connection.ssl.enabled": str(endpoint_url.startswith("https")).lower(),
        "spark.driver.extraClassPath": ":".join(str(jar) for jar in (*runtime.s3_jars, *jars)),
        **conf,
    }
    text = "".join(f"{key} {value}\n" for key, value in settings.items())
    (folder / _SETTINGS).write_text(text)
    (folder / _LOG_SETTINGS).write_text(_LOGGING.format(log=log))
    return log


def _java_options(runtime: GlueRuntime, jars: Sequence[Path]) -> list[str]:
    options = [
        *JAVA_OPTIONS,
        "-XX:+UnlockDiagnosticVMOptions",
        "-XX:-BytecodeVerificationRemote",
        _NO_FILE_OF_ITS_OWN,
    ]
    archives = runtime.class_archives
    # jars of the job's own stand before Spark's on the class path: no archive fits that
    if not jars and all(archive.exists() for archive in archives):
        options.append(f"-XX:SharedArchiveFile={':'.join(map(str, archives))}")
        options.append("-Xlog:disable")  # an archive that does not fit is no news for the job
    return options


def environment(
    *, runtime: GlueRuntime, conf_folder: Path, home: Path, python_path: Sequence[Path]
) -> dict[str, str]:
    """Variables of the job's process, without AWS ones; nothing of the caller's own gets in."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "JAVA_HOME": str(runtime.java_home),
        "PYSPARK_PYTHON": str(runtime.python),
        "PYSPARK_DRIVER_PYTHON": str(runtime.python),
        "PYTHONPATH": ":".join(map(str, python_path)),
        "PYTHONUNBUFFERED": "1",
        # not SPARK_CONF_DIR: that stands on the class path, which has to be the class archive's
        "SPARK_CONF_DIR": str(runtime.empty_folder),
        "PYSPARK_SUBMIT_ARGS": (
            f"--properties-file {shlex.quote(str(conf_folder / _SETTINGS))} pyspark-shell"
        ),
        "LOG4J_CONFIGURATION_FILE": str(conf_folder / _LOG_SETTINGS),
        "SPARK_LOCAL_DIRS": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LAUNCHER_OPTS": _NO_FILE_OF_ITS_OWN,
    }
