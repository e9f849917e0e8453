"""Two hosts, or two devices of one, train the model that one device trains on the same batches.

The tolerance is for the order in which numbers are added: a gradient's two halves are divided by
the number of processes, sent and added up, where one device adds them as they come. A float32 sum
differs by some 1e-7 of its size for that, and every step goes on from the step before. Whoever
shared out rows, random numbers or the divisor in another way would be off by 1e-3 and more.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("transformers", reason="transformers is not installed: run make test-torch")

import safetensors.numpy

from tests.torch.reviews_job import Host, curve, ended, free_port

WEIGHTS, LOSS = 2e-5, 2e-6  # absolute; the losses are printed with 6 digits
NAMES = ("algo-1", "algo-2")
TORCHRUN = ("torch.distributed.run", "--nproc_per_node=2", "-m", "jobs.reviews.fit")
# what a process still has once the training has returned
AFTERWARDS = """
import sys, time
from pathlib import Path
from jobs.reviews import fit

def names():
    for file in Path("/proc/self/task").glob("*/comm"):
        try:
            yield file.read_text().strip()
        except OSError:
            continue  # it has ended

code = fit.main(sys.argv[1:])
until = time.monotonic() + 10  # the kernel shows a thread that was waited for a little longer
while any("gloo" in name for name in names()) and time.monotonic() < until:
    time.sleep(0.1)
print(f"threads {list(names())}\\n", end="", flush=True)
sys.exit(code)
"""


def assert_alike(found: Host, printed: str, expected: Host, told: str) -> None:
    assert curve(printed).keys() == curve(told).keys()
    for name, value in curve(told).items():
        assert curve(printed)[name] == pytest.approx(value, abs=LOSS), name
    weights = safetensors.numpy.load(found.weights)
    for name, value in safetensors.numpy.load(expected.weights).items():
        assert abs(weights[name] - value).max() <= WEIGHTS, name


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> tuple[Host, str]:
    """One host with one device, two lanes on it, and what it printed."""
    host = Host(tmp_path_factory.mktemp("one"))
    return host, host.train(lanes=2)


@pytest.mark.parametrize("distribution", ["ShardedByS3Key", "FullyReplicated"])
def test_two_hosts_are_as_one(distribution: str, one: tuple[Host, str], tmp_path: Path) -> None:
    files = {"ShardedByS3Key": ((0,), (1,)), "FullyReplicated": ((0, 1), (0, 1))}[distribution]
    hosts = [
        Host(tmp_path / name, name=name, hosts=NAMES, files=some, distribution=distribution)
        for name, some in zip(NAMES, files, strict=True)
    ]
    port = free_port()
    first, second = [ended(process) for process in [host.start(port=port) for host in hosts]]
    assert second == ""  # one process speaks for all
    assert_alike(hosts[0], first, *one)
    assert not any((hosts[1].root / "model").iterdir())


def test_two_devices_are_as_one(one: tuple[Host, str], tmp_path: Path) -> None:
    two = Host(tmp_path)
    printed = ended(two.start(module=TORCHRUN, port=free_port()))
    assert_alike(two, printed, *one)


def test_devices_share_the_rows_of_a_single_file(tmp_path: Path) -> None:
    lanes = Host(tmp_path / "lanes", files=(0,))
    told = lanes.train(lanes=2)
    two = Host(tmp_path / "two", files=(0,))
    printed = ended(two.start(module=TORCHRUN, port=free_port()))
    assert_alike(two, printed, lanes, told)


def test_a_host_without_files_helps_nobody_and_harms_nobody(tmp_path: Path) -> None:
    hosts = [
        Host(tmp_path / name, name=name, hosts=NAMES, files=files, distribution="ShardedByS3Key")
        for name, files in zip(NAMES, ((0,), ()), strict=True)
    ]
    (hosts[1].root / "input" / "data" / "train").mkdir()
    port = free_port()
    first, _ = [ended(process) for process in [host.start(port=port) for host in hosts]]
    alone = Host(tmp_path / "alone", files=(0,))
    # its lane's batches are half the global ones, so that is what one host must be told
    assert_alike(hosts[0], first, alone, alone.train(batch_size=4))


def test_no_thread_of_the_group_outlives_it(tmp_path: Path) -> None:
    # one that does may abort the process while Python shuts down, once in some fifty runs
    script = tmp_path / "script.py"
    script.write_text(AFTERWARDS)
    two = Host(tmp_path / "two")
    printed = ended(two.start(module=(*TORCHRUN[:2], str(script)), port=free_port(), epochs=1))
    threads = re.findall(r"^threads (.*)$", printed, re.M)
    assert len(threads) == 2
    assert not [names for names in threads if "gloo" in names]
