"""`penstock recordio convert|split|merge` on good and broken files, from and to pipes."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from botocore.exceptions import IncompleteReadError
from typer.testing import CliRunner

from penstock.cli import progress_bar
from penstock.cli.main import app
from penstock.recordio import Reader, write_dense
from penstock.recordio.frame import frame

CSV = b"1,2.5,3\n0,4,0.1\n"


def run(*arguments: str, data: bytes | None = None, code: int = 0) -> tuple[bytes, list[str]]:
    """What is on standard output, and the lines on stderr."""
    done = CliRunner().invoke(app, ["recordio", *arguments], input=data)
    assert done.exit_code == code, done.output
    return done.stdout_bytes, done.stderr.splitlines()


def test_convert_says_what_it_did(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)
    out, said = run("convert", str(tmp_path / "a.csv"), str(tmp_path / "a.rec"))
    assert out.decode().splitlines() == [
        "2 rows of 2 float32 values and float32 label",
        f"{tmp_path / 'a.rec'}: {(tmp_path / 'a.rec').stat().st_size} bytes",
        "label: column 0",
    ]
    assert said == []
    rows, labels = next(Reader((tmp_path / "a.rec").read_bytes()).batches(9))
    assert rows.tolist() == np.array([[2.5, 3], [4, 0.1]], np.float32).tolist()
    assert labels.tolist() == [1, 0]


@pytest.mark.parametrize("form", ["csv", "jsonl", "libsvm", "parquet", "recordio"])
def test_every_format_goes_through_pipes(form: str) -> None:
    columns = ["--columns", "2"] if form == "libsvm" else []
    there, said = run("convert", "-", "-", "--from", "csv", "--to", form, data=CSV)
    assert said[0].startswith("2 rows of 2 float")
    assert said[1] == f"-: {len(there)} bytes"
    back, _ = run("convert", "-", "-", "--from", form, "--to", "csv", *columns, data=there)
    assert back == CSV


def test_columns_and_types_are_chosen(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,x,y\na,1,2\nb,3,4\n")
    source = str(tmp_path / "a.csv")
    how = ["--header", "--label", "y", "--features", "x", "--dtype", "int32"]
    out, _ = run("convert", source, str(tmp_path / "a.rec"), *how)
    assert out.decode().startswith("2 rows of 1 int32 values and float32 label\n")
    out, _ = run("convert", source, "-", "--to", "jsonl", "--names", *how)
    assert out == b'{"y": 2, "x": 1}\n{"y": 4, "x": 3}\n'
    out, _ = run("convert", source, "-", "--to", "csv", "--header", "--label=-1", "--features", "1")
    assert out == b"2,1\n4,3\n"


def test_shards_and_their_merge(tmp_path: Path) -> None:
    with (tmp_path / "a.rec").open("wb") as file:
        write_dense(file, np.zeros((100, 10), np.float32), np.arange(100))
    whole, parts = str(tmp_path / "a.rec"), tmp_path / "parts"
    size = (tmp_path / "a.rec").stat().st_size
    out, _ = run("split", whole, str(parts), "--parts", "3")
    assert out.decode().splitlines()[::4] == ["100 records", f"3 files, {size} bytes"]
    names = [str(path) for path in sorted(parts.iterdir())]
    assert [Path(name).name for name in names] == [f"part-0000{n}.rec" for n in range(3)]
    merged, said = run("merge", *names, "-")
    assert merged == (tmp_path / "a.rec").read_bytes()
    assert said == ["100 records", f"-: {size} bytes"]
    out, _ = run("convert", whole, str(tmp_path / "shards"), "--shard-mb", "0.005")
    assert out.decode().splitlines()[-1] == f"2 files, {size} bytes"


REFUSED = {
    "label": (["convert", "a.csv", "b.rec", "--label", "x"], "a.csv: --label x: there is no such"),
    "value": (["convert", "bad.csv", "b.rec"], 'bad.csv: line 1, column 1: "x" is no number'),
    "ending": (["convert", "a.csv", "b"], "b: the ending does not say which format it is"),
    "none": (["convert", "none.csv", "b.rec"], "none.csv: No such file or directory"),
    "out": (["convert", "a.csv", "none/b.rec"], "none/b.rec: No such file or directory"),
    "folder": (["convert", "a.csv", ".", "--to", "csv"], ".: Is a directory"),
    "shards": (["convert", "a.csv", "b", "--to", "csv", "--shard-mb", "1"], "b: only records are"),
    "pipe": (["split", "-", "parts", "--parts", "2"], "-: its size is not known, which equal"),
    "cut": (["split", "bad.rec", "parts"], "give one of --shard-mb, --records and --parts"),
    "split": (["split", "bad.rec", "parts", "--records", "1"], "bad.rec: record 2 at byte 24: "),
    "merge": (["merge", "bad.rec", "b.rec"], "bad.rec: record 2 at byte 24: expected the magic"),
    "lone": (["merge", "bad.rec"], "merge needs what to read and, last, what to write"),
    "twice": (["merge", "-", "-", "b.rec"], "-: standard input is there once, not twice"),
    "records": (["convert", "bad.rec", "b.csv"], "bad.rec: record 0 at byte 8: field 12 needs"),
    "key": (["merge", "bad.rec", "s3://bucket"], "s3://bucket: this names no object, expected s3:"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    Path("a.csv").write_bytes(CSV)
    Path("bad.csv").write_text("1,x\n")
    Path("bad.rec").write_bytes(frame(b"abcd") * 2 + b"wrong.....")
    before = sorted(Path().iterdir())
    arguments, words = REFUSED[case]
    out, said = run(*arguments, data=frame(b"abcd"), code=2)
    assert out == b""
    (line,) = said
    assert line.startswith(f"penstock: {words}")
    assert sorted(Path().iterdir()) == before


def test_links_and_fifos_stay_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)
    (tmp_path / "real").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "real" / "b.csv")
    run("convert", str(tmp_path / "a.csv"), str(tmp_path / "link.csv"))
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real" / "b.csv").read_bytes() == CSV
    os.mkfifo(fifo := tmp_path / "fifo")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(fifo.read_bytes()))
    reader.start()
    run("convert", str(tmp_path / "a.csv"), str(fifo), "--to", "csv")
    reader.join()
    assert read == [CSV]
    assert fifo.is_fifo()


class BrokenBody:
    """An S3 object's body whose connection ends after some bytes."""

    def __init__(self) -> None:
        self._parts = [b"1,2\n", b""]

    def read(self, size: int) -> bytes:
        part = self._parts.pop(0)
        if not part:
            raise IncompleteReadError(actual_bytes=4, expected_bytes=9)
        return part

    def close(self) -> None:
        """As a body has it."""


def test_a_connection_that_breaks_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {"Body": BrokenBody(), "ContentLength": 9}
    s3 = SimpleNamespace(get_object=lambda **_: answer)
    monkeypatch.setattr("boto3.client", lambda _: s3)
    _, (line,) = run("convert", "s3://lake/a.csv", str(tmp_path / "a.rec"), code=2)
    assert line == "penstock: s3://lake/a.csv: 4 read, but total bytes expected is 9."
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_is_full_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)
    _, said = run("convert", str(tmp_path / "a.csv"), "/dev/full", "--to", "csv", code=2)
    assert said == ["penstock: /dev/full: No space left on device"]
    assert not Path("/dev/full").is_file()


def test_a_reader_that_goes_away_ends_it_without_a_word(tmp_path: Path) -> None:
    with (tmp_path / "a.rec").open("wb") as file:
        write_dense(file, np.zeros((200_000, 3), np.float32))
    for verb in (["convert", "a.rec", "-", "--to", "csv"], ["head", "-n", "100000", "a.rec"]):
        program = "import sys; from penstock.cli.main import main; main()"
        command = [sys.executable, "-c", program, "recordio", *verb]
        running = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait() == 1
        running.stderr.close()


class Terminal:
    """A stderr that is a terminal, and what was shown on it."""

    def __init__(self) -> None:
        self._shown, self._end = pty.openpty()
        self.file = os.fdopen(self._end, "w")

    def text(self) -> str:
        self.file.flush()
        os.set_blocking(self._shown, False)
        shown = b""
        with suppress(BlockingIOError):
            while True:
                shown += os.read(self._shown, 1 << 16)
        return shown.decode()

    def close(self) -> None:
        self.file.close()
        os.close(self._shown)


def test_the_bar_is_shown_on_a_terminal_when_it_takes_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal.file)
    monkeypatch.setenv("TERM", "xterm")
    now = [100.0]
    monkeypatch.setattr(progress_bar, "time", SimpleNamespace(monotonic=lambda: now[0]))
    with progress_bar.ProgressBar("a [b].rec") as bar:
        bar.at(10_000_000, 40_000_000)
        assert terminal.text() == ""
        now[0] += 1.1
        bar.at(20_000_000, 40_000_000)
    shown = terminal.text()
    assert "a [b].rec" in shown
    assert "20.0/40.0 MB" in shown
    with progress_bar.ProgressBar("-") as bar:
        now[0] += 1.1
        bar.at(3_000_000, None)
    assert "3.0 MB" in terminal.text()
    terminal.close()


def test_no_bar_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(progress_bar, "time", SimpleNamespace(monotonic=lambda: now[0]))
    with progress_bar.ProgressBar("a") as bar:
        now[0] += 5
        bar.at(1, 2)
        assert bar._progress is None
