"""The way to a model: workers, RecordIO files, hosts, requests of S3."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.catalog import runtimes
from penstock.catalog.facts import read_data
from penstock.planner import prepare, request_rates
from penstock.planner.prepare import WorkerPlan, larger
from penstock.planner.recordio import row_bytes, token_row_bytes, train_shards
from penstock.planner.training import HostPlan
from penstock.recordio import write_dense
from pipelines.digits import PIPELINE as DIGITS
from tests.unit.planned import SCORED

GBS = st.floats(min_value=0.001, max_value=1e6)
TYPES = st.sampled_from(["G.1X", "G.2X", "G.4X", "G.8X", "R.1X", "R.8X"])


@settings(max_examples=30)
@given(st.integers(min_value=1, max_value=20_000))
def test_a_rows_bytes_are_those_of_the_codec(features: int) -> None:
    written = io.BytesIO()
    write_dense(written, np.ones((1, features), np.float32), np.ones(1, np.float32))
    assert row_bytes(features) == len(written.getvalue())


@settings(max_examples=30)
@given(st.integers(min_value=1, max_value=2000), st.integers(min_value=0, max_value=2**21 - 1))
def test_a_row_of_tokens_has_at_most_the_bytes_of_the_largest_ids(
    tokens: int, highest: int
) -> None:
    written, largest = io.BytesIO(), io.BytesIO()
    label = np.ones(1, np.int32)
    write_dense(written, np.full((1, tokens), highest, np.int32), label)
    write_dense(largest, np.full((1, tokens), 2**21 - 1, np.int32), label)
    assert len(written.getvalue()) <= len(largest.getvalue()) <= token_row_bytes(tokens)


@given(st.integers(min_value=1, max_value=500), st.integers(min_value=1, max_value=5000))
def test_each_host_reads_as_many_files_and_each_task_has_one(hosts: int, tasks: int) -> None:
    shards = train_shards(hosts=hosts, tasks=tasks)
    assert shards % hosts == 0
    assert shards >= max(hosts, tasks)
    assert shards - hosts < max(hosts, tasks)


@given(GBS, TYPES)
def test_the_workers_hold_the_shuffle_and_one_less_does_not(gb: float, kind: str) -> None:
    plan = WorkerPlan(gb, kind)
    disk = plan.facts.free_disk_gb
    assert (plan.workers - 1) * disk >= gb * (1 - 1e-6)
    assert plan.workers == 2 or (plan.workers - 2) * disk < gb


def test_too_many_workers_give_way_to_a_larger_type() -> None:
    plan = WorkerPlan(100_000, "G.1X")
    assert not plan.fits
    assert larger(plan).worker_type == "G.4X"  # 149 G.2X hold 11,544 GB
    assert larger(WorkerPlan(14_000, "G.1X")).worker_type == "G.4X"
    assert larger(WorkerPlan(11_000, "R.1X")).worker_type == "G.1X"


def test_the_figures_say_what_the_description_has() -> None:
    found = {
        figure.name: figure for figure in prepare.figures(DIGITS.prepare, input_gb=440, hours=730)
    }
    assert found["prepare.workers"].value == 11
    assert "the description has 2" in found["prepare.workers"].because


def test_a_file_channel_needs_disk_and_a_pipe_needs_none() -> None:
    training = SCORED.training.model_copy(update={"input_mode": "File", "volume_gb": 30})
    assert HostPlan(training, 100, None, sharded=True).hosts == 4
    assert HostPlan(SCORED.training, 100, None, sharded=True).hosts == 1


def test_a_machine_with_nvme_holds_as_much_as_that_and_not_as_a_volume() -> None:
    changes = {"input_mode": "File", "instance_type": "ml.g5.xlarge", "volume_gb": 30}
    training = SCORED.training.model_copy(update=changes)
    plan = HostPlan(training, 1000, None, sharded=True)
    assert plan.disk_gb == 250
    assert plan.hosts == 4
    assert "1,000 GB / 250 GB of local NVMe on ml.g5.xlarge" in plan.figures()[0].because


def test_hosts_that_all_read_everything_are_no_help() -> None:
    training = SCORED.training.model_copy(update={"input_mode": "File", "volume_gb": 30})
    plan = HostPlan(training, 100, None, sharded=False)
    assert (plan.hosts, plan.fits) == (1, False)
    assert "it does not fit" in plan.figures()[0].because


@given(GBS, st.floats(min_value=0.5, max_value=3200), st.integers(min_value=1, max_value=2000))
def test_sharded_hosts_read_their_share_in_time_and_one_less_does_not(
    gb: float, gbps: float, minutes: int
) -> None:
    training = SCORED.training.model_copy(update={"max_runtime_minutes": minutes})
    plan = HostPlan(training, gb, gbps, sharded=True)
    seconds = gb * 8 / gbps
    assert seconds / plan.hosts <= minutes * 60 * (1 + 1e-6)
    assert plan.hosts == 1 or seconds / (plan.hosts - 1) > minutes * 60


def test_csv_has_unknown_bytes_and_keeps_the_descriptions_hosts() -> None:
    training = SCORED.training.model_copy(
        update={"content_type": "text/csv", "input_mode": "File", "instance_count": 2}
    )
    (figure,) = HostPlan(training, None, 10, sharded=True).figures()
    assert figure.value == 2
    assert "not known" in figure.because


@pytest.mark.parametrize(("per_hour", "prefixes"), [(60, 1), (3500 * 3600, 1), (3501 * 3600, 2)])
def test_requests_beyond_a_prefix_ask_for_another(per_hour: float, prefixes: int) -> None:
    puts, gets = request_rates.figures(objects_per_hour=per_hour, hours=730)
    assert f"so {prefixes} will do" in puts.because
    assert gets.value == pytest.approx(per_hour * 730 / 5500, abs=0.001)


def test_each_worker_type_that_a_description_may_have_is_known() -> None:
    for version in runtimes.glue_versions():
        assert set(runtimes.glue(version).worker_types or ()) <= set(read_data("glue_workers"))
