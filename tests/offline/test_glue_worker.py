"""Glue jobs run as real Spark programs: the prepare job on a small lake, and how runs end."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from penstock.recordio import Reader
from tests.offline.glue_lab import MINUTE_SECONDS, ROOT, GlueLab, library

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("glue worker")]

FEATURES = [f"f{index}" for index in range(5)]
COMMON = {
    "--id_column": "key",
    "--label_column": "kind",
    "--feature_columns": ",".join(FEATURES),
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GlueLab]:
    cloud = GlueLab(tmp_path_factory.mktemp("glue"))
    try:
        yield cloud
    finally:
        cloud.close()


def rows(count: int) -> list[dict[str, Any]]:
    generator = np.random.default_rng(7)
    return [
        {
            "key": f"id-{index:04d}",
            "kind": int(index % 3),
            **dict(zip(FEATURES, generator.integers(0, 17, 5).tolist(), strict=True)),
        }
        for index in range(count)
    ]


def put_parquet(cloud: GlueLab, key: str, records: list[dict[str, Any]]) -> None:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(records), file)
    cloud.put(key, file.getvalue())


def channel(record_id: str) -> str:
    percent = int(hashlib.sha256(record_id.encode()).hexdigest()[:8], 16) % 100
    return "train" if percent < 70 else "validation" if percent < 85 else "test"


def create_prepare_job(cloud: GlueLab, name: str, **arguments: str) -> None:
    script = cloud.put("code/prepare.py", (ROOT / "jobs/prepare_records.py").read_bytes())
    zipped = cloud.put("code/penstock.zip", library("recordio", "channels"))
    cloud.create_job(
        name,
        script,
        DefaultArguments={"--extra-py-files": zipped, "--enable-metrics": "true"}
        | COMMON
        | arguments,
    )


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    return rows(300)


@pytest.fixture(scope="module")
def prepared(cloud: GlueLab, records: list[dict[str, Any]]) -> dict[str, Any]:
    """The prepare job run once on a lake with 300 records, twenty of them twice."""
    put_parquet(cloud, "records/year=2026/month=01/day=02/hour=03/a.parquet", records[:200])
    put_parquet(cloud, "records/year=2026/month=01/day=02/hour=04/b.parquet", records[200:])
    again = [{**record, "kind": 2} for record in records[:20]]
    put_parquet(cloud, "records/year=2026/month=01/day=03/hour=00/c.parquet", again)
    create_prepare_job(cloud, "prepare")
    locations = {"--records_uri": "s3://lake/records/", "--output_uri": "s3://lake/prepared/1/"}
    return cloud.run("prepare", Arguments=locations)


def shards(cloud: GlueLab, prefix: str) -> list[tuple[int, ...]]:
    """(label, features...) of every record below the prefix, in the order of the files."""
    found = []
    for item in cloud.s3.list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", []):
        for x, y in Reader(io.BytesIO(cloud.get(item["Key"]))).batches(64):
            assert x.dtype == np.float32
            found += [tuple(row) for row in np.column_stack([y, x]).astype(int).tolist()]
    return found


def as_row(record: dict[str, Any]) -> tuple[int, ...]:
    return (record["kind"], *(record[name] for name in FEATURES))


def test_the_prepare_job_succeeds_and_says_when(prepared: dict[str, Any], cloud: GlueLab) -> None:
    assert prepared["JobRunState"] == "SUCCEEDED", prepared.get("ErrorMessage")
    assert prepared["StartedOn"] < prepared["CompletedOn"]
    assert prepared["ExecutionTime"] > 0
    assert prepared["GlueVersion"] == "5.1"
    assert prepared["Arguments"]["--records_uri"] == "s3://lake/records/"
    assert prepared["Arguments"]["--id_column"] == "key"
    assert "ErrorMessage" not in prepared
    (event,) = [e for e in cloud.events.emitted if e["detail"]["jobRunId"] == prepared["Id"]]
    assert event["source"] == "aws.glue"
    assert event["detail"]["state"] == "SUCCEEDED"


def test_each_channel_holds_its_ids_by_hash_and_each_id_once(
    prepared: dict[str, Any], cloud: GlueLab, records: list[dict[str, Any]]
) -> None:
    for name in ("train", "validation", "test"):
        expected = sorted(as_row(r) for r in records if channel(r["key"]) == name)
        # of two records with one id, the one with the smaller label stays
        assert sorted(shards(cloud, f"prepared/1/{name}/")) == expected


def test_rows_are_mixed_within_a_channel(
    prepared: dict[str, Any], cloud: GlueLab, records: list[dict[str, Any]]
) -> None:
    arrival = [as_row(r) for r in records if channel(r["key"]) == "validation"]
    written = shards(cloud, "prepared/1/validation/")
    assert written != arrival
    digests = {as_row(r): hashlib.sha256(r["key"].encode()).hexdigest() for r in records}
    assert [digests[row][8:23] for row in written] == sorted(digests[r][8:23] for r in arrival)


def test_the_summary_counts_what_was_read_and_written(
    prepared: dict[str, Any], cloud: GlueLab, records: list[dict[str, Any]]
) -> None:
    summary = json.loads(cloud.get("prepared/1/summary.json"))
    assert (summary["records_read"], summary["unique"], summary["duplicates"]) == (320, 300, 20)
    for name, counted in summary["channels"].items():
        items = cloud.s3.list_objects_v2(Bucket="lake", Prefix=f"prepared/1/{name}/")["Contents"]
        assert counted["records"] == sum(channel(r["key"]) == name for r in records)
        assert counted["bytes"] == sum(item["Size"] for item in items)
        assert counted["parts"] == len(items) == (2 if name == "train" else 1)


def test_each_channel_has_a_manifest_that_its_shards_fit(
    prepared: dict[str, Any], cloud: GlueLab
) -> None:
    listed = cloud.s3.list_objects_v2(Bucket="lake", Prefix="prepared/1/")["Contents"]
    keys = {item["Key"].removeprefix("prepared/1/"): item["ETag"] for item in listed}
    told = {name.split("/")[1] for name in keys if name.startswith("_channels/")}
    assert told == {"train", "validation", "test", "holdout"}
    summary = json.loads(cloud.get("prepared/1/summary.json"))
    for folder in told:
        assert cloud.get(f"prepared/1/_channels/{folder}/_SUCCESS") == b""
        manifest = json.loads(cloud.get(f"prepared/1/_channels/{folder}/manifest.json"))
        for shard in manifest["shards"]:
            body = cloud.get(f"prepared/1/{folder}/{shard['name']}")
            assert shard["bytes"] == len(body)
            assert shard["sha256"] == hashlib.sha256(body).hexdigest()
        names = [shard["name"] for shard in manifest["shards"]]
        assert {f"{folder}/{name}" for name in names} == {
            name for name in keys if name.startswith(f"{folder}/")
        }
        # what a channel of type ManifestFile reads
        assert json.loads(cloud.get(f"prepared/1/_channels/{folder}/channel.json")) == [
            {"prefix": f"s3://lake/prepared/1/{folder}/"},
            *names,
        ]
        if folder != "holdout":
            assert manifest["rows"] == summary["channels"][folder]["records"]
            assert manifest["schema"]["features"] == FEATURES
            assert manifest["schema"]["label"] == "kind"


def test_parquet_files_in_s3_become_shards_there(
    cloud: GlueLab, records: list[dict[str, Any]]
) -> None:
    put_parquet(cloud, "convert/a.parquet", records[:100])
    put_parquet(cloud, "convert/deep/b.parquet", records[100:])
    source = """
import json
from pyspark.sql import SparkSession
from penstock.recordio.spark import verify, write

features = ["f4", "f0"]
write("s3://lake/convert/", "s3://lake/written/1", label="kind", features=features, hosts=3)
frame = SparkSession.builder.getOrCreate().read.parquet("s3://lake/convert/a.parquet")
write(frame, "s3://lake/written/1", channel="test", label="kind", features=features)
print(json.dumps([verify("s3://lake/written/1", name).rows for name in ("train", "test")]))
"""
    zipped = cloud.put("code/penstock.zip", library("recordio"))
    cloud.script_job("convert", source, DefaultArguments={"--extra-py-files": zipped})
    run = cloud.run("convert")
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    assert "[300, 100]" in cloud.log(run["Id"], "output")
    expected = [(record["kind"], record["f4"], record["f0"]) for record in records]
    assert shards(cloud, "written/1/train/") == expected
    assert sorted(shards(cloud, "written/1/test/")) == sorted(expected[:100])
    listed = cloud.s3.list_objects_v2(Bucket="lake", Prefix="written/1/train/")["Contents"]
    assert len(listed) == 3


def test_the_holdout_file_names_the_test_channels_records(
    prepared: dict[str, Any], cloud: GlueLab, records: list[dict[str, Any]]
) -> None:
    lines = list(csv.DictReader(io.StringIO(cloud.get("prepared/1/holdout/test.csv").decode())))
    assert list(lines[0]) == ["id", "label", *FEATURES]
    by_key = {record["key"]: record for record in records}
    assert {line["id"] for line in lines} == {key for key in by_key if channel(key) == "test"}
    assert [
        (int(line["label"]), *(int(line[name]) for name in FEATURES)) for line in lines
    ] == shards(cloud, "prepared/1/test/")
    for line in lines:
        assert int(line["f0"]) == by_key[line["id"]]["f0"]
    features = cloud.get("prepared/1/holdout/test_features.csv").decode().splitlines()
    assert features == [",".join(line[name] for name in FEATURES) for line in lines]


def test_logs_are_under_the_run_id(prepared: dict[str, Any], cloud: GlueLab) -> None:
    output = cloud.log(prepared["Id"], "output")
    assert any('"records_read": 320' in line for line in output)
    errors = cloud.log(prepared["Id"], "error")
    assert errors[0].startswith("local cloud: without effect here: --enable-metrics")


def test_java_puts_things_aside_in_the_runs_own_folder(cloud: GlueLab) -> None:
    source = (
        "from pyspark.sql import SparkSession\n"
        "java = SparkSession.builder.getOrCreate()._jvm.java.lang.System\n"
        "print(java.getProperty('java.io.tmpdir'))\n"
    )
    cloud.script_job("aside", source)
    (aside,) = cloud.log(cloud.run("aside")["Id"], "output")
    assert aside.startswith(f"{cloud.folder / 'glue'}/")


def test_nothing_stays_behind(prepared: dict[str, Any], cloud: GlueLab) -> None:
    assert list((cloud.folder / "glue").iterdir()) == []


def test_other_files_and_partitions_give_the_same_shards_and_failures_are_one_line(
    prepared: dict[str, Any], cloud: GlueLab, records: list[dict[str, Any]]
) -> None:
    """One Spark session runs the script several times: each start costs seconds."""
    mixed = [records[index] for index in np.random.default_rng(3).permutation(300)]
    mixed += [{**record, "kind": 2} for record in records[:20]]
    for part in range(4):
        put_parquet(cloud, f"other/deep/{part}.parquet", mixed[part::4])
    put_parquet(cloud, "narrow/a.parquet", [{"key": "a", "kind": 1, "f0": 1}])
    put_parquet(cloud, "text/a.parquet", [{**records[0], "f3": "three"}])
    put_parquet(cloud, "holes/a.parquet", [*records[:9], {**records[9], "f1": None}])
    put_parquet(cloud, "few/a.parquet", records[:1])
    source = """
import sys, prepare
from penstock.channels import PrepareError

for name in ("other", "empty", "narrow", "text", "holes", "few"):
    uris = ["--records_uri", f"s3://lake/{name}/", "--output_uri", f"s3://lake/out/{name}/"]
    try:
        prepare.main([*sys.argv[1:], *uris])
    except PrepareError as error:
        print("refused", name, error)
"""
    script = cloud.put("code/prepare.py", (ROOT / "jobs/prepare_records.py").read_bytes())
    zipped = cloud.put("code/penstock.zip", library("recordio", "channels"))
    # portions of three rows: records with one id are spread over several of them
    portions = "spark.sql.execution.arrow.maxRecordsPerBatch=3"
    arguments = {"--extra-py-files": f"{zipped},{script}", "--conf": portions, **COMMON}
    cloud.script_job("several", source, DefaultArguments=arguments)
    run = cloud.run("several")
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    keys = ["train/part-00000.rec", "train/part-00001.rec", "validation/part-00000.rec"]
    for key in [*keys, "test/part-00000.rec", "holdout/test.csv", "holdout/test_features.csv"]:
        assert cloud.get(f"out/other/{key}") == cloud.get(f"prepared/1/{key}"), key
    refused = [line for line in cloud.log(run["Id"], "output") if line.startswith("refused")]
    assert refused[0] == "refused empty no records below s3://lake/empty/"
    assert refused[1] == (
        "refused narrow the records have no column f1, f2, f3, f4; they have key, kind, f0"
    )
    assert refused[2] == "refused text column f3 is string: labels and features must be numbers"
    assert refused[3].startswith("refused holes record id-0009 has no finite number in column f1")
    assert refused[4].startswith("refused few 1 records are too few: nothing falls into ")


def test_a_failure_shows_the_exceptions_line(cloud: GlueLab) -> None:
    source = 'print("so far so good")\nraise ValueError("the lake has run dry")\n'
    cloud.script_job("failing", source)
    run = cloud.run("failing")
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"] == "ValueError: the lake has run dry"
    output = cloud.log(run["Id"], "output")
    # the two outputs of a process are two pipes: which is read first is open
    assert {"so far so good", "ValueError: the lake has run dry"} <= set(output)
    assert cloud.events.emitted[-1]["detail"]["message"] == run["ErrorMessage"]


def test_arguments_of_the_run_override_those_of_the_job(cloud: GlueLab) -> None:
    source = "import json, sys, os\nprint(json.dumps([sys.argv[1:], dict(os.environ)]))\n"
    defaults = {"--a": "1", "--b": "two words", "--extra-py-files": "", "--job-language": "python"}
    cloud.script_job("arguments", source, DefaultArguments=defaults)
    run = cloud.run("arguments", Arguments={"--a": "5", "--c": ""})
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    argv, environment = json.loads(cloud.log(run["Id"], "output")[0])
    assert dict(zip(argv[::2], argv[1::2], strict=True)) == {
        "--JOB_NAME": "arguments",
        "--JOB_RUN_ID": run["Id"],
        "--a": "5",
        "--b": "two words",
        "--c": "",
    }
    assert environment["AWS_ENDPOINT_URL"] == cloud.server.endpoint_url
    assert "PYTEST_CURRENT_TEST" not in environment


def test_custom_log_groups_are_used(cloud: GlueLab) -> None:
    arguments = {"--custom-logGroup-prefix": "/own/logs", "--custom-logStream-prefix": "x-"}
    cloud.script_job("logging", "print('hello')\n", DefaultArguments=arguments)
    run = cloud.run("logging")
    assert run["LogGroupName"] == "/own/logs"
    assert cloud.log("x-" + run["Id"], "output", "/own/logs") == ["hello"]


def test_a_run_that_takes_too_long_is_killed(cloud: GlueLab) -> None:
    cloud.script_job("slow", "import time\ntime.sleep(60)\n", Timeout=10)
    run = cloud.run("slow", Timeout=1)
    assert run["JobRunState"] == "TIMEOUT"
    assert run["ErrorMessage"] == "Job run timed out after 1 minutes"
    assert MINUTE_SECONDS - 1 <= run["ExecutionTime"] <= MINUTE_SECONDS + 4


def test_a_run_is_stopped_on_request_and_counts_as_running_until_then(cloud: GlueLab) -> None:
    cloud.script_job("endless", "import time\ntime.sleep(60)\n")
    run_id = cloud.start("endless")
    with pytest.raises(ClientError, match="ConcurrentRunsExceededException"):
        cloud.start("endless")
    answer = cloud.glue.batch_stop_job_run(JobName="endless", JobRunIds=[run_id, "jr_none"])
    assert [item["JobRunId"] for item in answer["SuccessfulSubmissions"]] == [run_id]
    assert answer["Errors"][0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    assert cloud.ended("endless", run_id)["JobRunState"] == "STOPPED"
    assert "CompletedOn" in cloud.shown("endless", run_id)


def test_concurrent_runs_are_allowed_up_to_the_jobs_limit(cloud: GlueLab) -> None:
    cloud.script_job(
        "twice", "import time\ntime.sleep(1)\n", ExecutionProperty={"MaxConcurrentRuns": 2}
    )
    first, second = cloud.start("twice"), cloud.start("twice")
    with pytest.raises(ClientError, match="ConcurrentRunsExceededException"):
        cloud.start("twice")
    assert "CompletedOn" not in cloud.shown("twice", first)
    for run_id in (first, second):
        assert cloud.ended("twice", run_id)["JobRunState"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"GlueVersion": "4.0"}, "GlueVersion '4.0' cannot run here: use one of 5.1"),
        (
            {"Command": {"Name": "pythonshell", "ScriptLocation": "s3://lake/scripts/a.py"}},
            "Command.Name 'pythonshell' cannot run here, only Spark jobs (glueetl)",
        ),
        (
            {"DefaultArguments": {"--additional-python-modules": "xgboost"}},
            "--additional-python-modules 'xgboost' cannot be installed here",
        ),
        (
            {"DefaultArguments": {"--extra-py-files": "s3://lake/none.zip"}},
            "cannot read s3://lake/none.zip as arn:aws:iam::123456789012:role/prepare",
        ),
        (
            {"DefaultArguments": {"--additional-python-modules": "s3://lake/scripts/gone.whl"}},
            "cannot read s3://lake/scripts/gone.whl as arn:aws:iam::123456789012:role/prepare",
        ),
        ({"DefaultArguments": {"--extra-jars": "a.jar"}}, "'a.jar' is no S3 address"),
    ],
)
def test_what_cannot_run_here_fails_by_name(
    cloud: GlueLab, settings: dict[str, Any], message: str
) -> None:
    name = "refused-" + hashlib.sha256(message.encode()).hexdigest()[:6]
    cloud.script_job(name, "print('ran')\n", **settings)
    run = cloud.run(name)
    assert run["JobRunState"] == "FAILED"
    assert message in run["ErrorMessage"]


def wheel(name: str, version: str, needs: str = "nowhere") -> bytes:
    """A wheel with one module that knows its version."""
    information = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"version = {version!r}\n",
        f"{information}/METADATA": (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Dist: {needs}\n"
        ),
        f"{information}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{information}/RECORD"])
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path, text in {**files, f"{information}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(path), text)  # without the time of day
    return file.getvalue()


def test_wheels_are_there_for_the_script_and_its_tasks(cloud: GlueLab) -> None:
    source = """
import own, pandas
from pyspark.sql import SparkSession

def both(_):
    import own, pandas
    yield own.version, pandas.version

spark = SparkSession.builder.getOrCreate()
in_a_task = spark.sparkContext.parallelize([1], 1).mapPartitions(both).collect()
print(own.version, pandas.version, in_a_task)
"""
    # the second one takes the place of a module that the runtime has
    urls = [
        cloud.put("wheels/own-1.5-py3-none-any.whl", wheel("own", "1.5")),
        cloud.put("wheels/pandas-99.0-py3-none-any.whl", wheel("pandas", "99.0")),
    ]
    cloud.script_job(
        "wheels", source, DefaultArguments={"--additional-python-modules": ", ".join(urls)}
    )
    run = cloud.run("wheels")
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    assert "1.5 99.0 [('1.5', '99.0')]" in cloud.log(run["Id"], "output")
    (told,) = [line for line in cloud.log(run["Id"], "error") if "local cloud" in line]
    assert told.endswith("--additional-python-modules (their requirements are not installed)")


def test_java_starts_from_the_class_archive(cloud: GlueLab) -> None:
    """Java leaves out, and says nothing of, an archive that does not fit its class path."""
    source = """
from pathlib import Path
from pyspark import SparkContext

java = SparkContext.getOrCreate()._gateway.proc.pid
mapped = Path(f"/proc/{java}/maps").read_text()
print("mapped", sorted({line.rpartition("/")[2] for line in mapped.splitlines() if ".jsa" in line}))
"""
    cloud.script_job("archive", source)
    run = cloud.run("archive")
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    assert "mapped ['java.jsa', 'spark.jsa']" in cloud.log(run["Id"], "output")


def test_a_wheel_is_installed_once(cloud: GlueLab) -> None:
    content = wheel("once", "1.0")
    url = cloud.put("wheels/once-1.0-py3-none-any.whl", content)
    modules = {"--additional-python-modules": url}
    source = "import once, os\nprint(once.__file__, os.stat(once.__file__).st_ino)\n"
    cloud.script_job("cached", source, DefaultArguments=modules)
    first, second = cloud.run("cached"), cloud.run("cached")
    assert cloud.log(first["Id"], "output") == cloud.log(second["Id"], "output")
    assert hashlib.sha256(content).hexdigest() in cloud.log(first["Id"], "output")[0]
    # another wheel of the same name does not get the first one's folder
    other = cloud.put("wheels/2/once-1.0-py3-none-any.whl", wheel("once", "1.0", needs="else"))
    third = cloud.run("cached", Arguments={"--additional-python-modules": other})
    assert cloud.log(third["Id"], "output") != cloud.log(first["Id"], "output")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("0123abcd.whl", None, "The wheel filename `0123abcd.whl` is invalid"),
        ("own-1.5-py3-none-any.whl", b"no zip", "own-1.5-py3-none-any.whl cannot be installed"),
        ("own-1.5-cp39-cp39-win32.whl", None, "cannot be installed: error"),
    ],
)
def test_a_wheel_that_pip_would_not_take_fails_in_one_line(
    cloud: GlueLab, name: str, content: bytes | None, message: str
) -> None:
    url = cloud.put(f"wheels/{name}", content or wheel("own", "1.5"))
    cloud.script_job("bad", "print(1)", DefaultArguments={"--additional-python-modules": url})
    try:
        run = cloud.run("bad")
    finally:
        cloud.glue.delete_job(JobName="bad")
    assert run["JobRunState"] == "FAILED"
    assert message in run["ErrorMessage"]
    assert "\n" not in run["ErrorMessage"]


def test_awsglue_is_missing_and_the_run_says_so(cloud: GlueLab) -> None:
    cloud.script_job("foreign", "from awsglue.utils import getResolvedOptions\n", Role="prepare")
    run = cloud.run("foreign")
    assert run["ErrorMessage"] == "ModuleNotFoundError: No module named 'awsglue'"
