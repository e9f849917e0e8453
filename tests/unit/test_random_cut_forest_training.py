"""`train` on small files: channels as the algorithm takes them, one forest of several hosts."""

from __future__ import annotations

import io
import json
import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from penstock.localcloud.engines.container.errors import CustomerError
from penstock.localcloud.engines.container.opt_ml import OptMl
from penstock.localcloud.engines.random_cut_forest.model import ForestModel
from penstock.localcloud.engines.random_cut_forest.train import Training
from penstock.recordio import write_dense

RECORDIO = "application/x-recordio-protobuf"
TRAIN_CSV, TEST_CSV = "text/csv;label_size=0", "text/csv;label_size=1"


def usual_rows(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 2)).astype(np.float32)


def labelled_rows() -> tuple[np.ndarray, np.ndarray]:
    """200 rows, of which 5 lie far away and are labelled so."""
    rows, labels = usual_rows(200, seed=2), np.zeros(200, np.float32)
    rows[[10, 50, 90, 130, 170]] += 12
    labels[[10, 50, 90, 130, 170]] = 1
    return rows, labels


def encoded(rows: np.ndarray, labels: np.ndarray | None, form: str) -> bytes:
    file = io.BytesIO()
    if form == RECORDIO:
        write_dense(file, rows, labels)
    else:
        table = rows if labels is None else np.column_stack([labels, rows])
        np.savetxt(file, table, "%.9g", ",")
    return file.getvalue()


def lay_out(
    folder: Path,
    *,
    train: bytes | None = None,
    test: bytes | None = None,
    host: str = "algo-1",
    hosts: tuple[str, ...] = ("algo-1",),
    train_type: str = RECORDIO,
    test_type: str = RECORDIO,
    distribution: str = "ShardedByS3Key",
    **hyperparameters: str,
) -> OptMl:
    """A host's /opt/ml in File mode; a channel of None has no file, b"" leaves the test out."""
    config = folder / "input/config"
    config.mkdir(parents=True)
    channels = {"train": (train, train_type, distribution)}
    if test is not None:
        channels["test"] = (test, test_type, "FullyReplicated")
    entries = {}
    for name, (body, form, spread) in channels.items():
        entries[name] = {
            "TrainingInputMode": "File",
            "ContentType": form,
            "S3DistributionType": spread,
        }
        (folder / "input/data" / name).mkdir(parents=True)
        if body is not None:
            (folder / "input/data" / name / "part").write_bytes(body)
    settings = {"feature_dim": "2", "num_trees": "50", "num_samples_per_tree": "64"}
    resources = {"current_host": host, "hosts": list(hosts)}
    for name, content in (
        ("inputdataconfig", entries),
        ("hyperparameters", {**settings, **hyperparameters}),
        ("resourceconfig", resources),
    ):
        (config / f"{name}.json").write_text(json.dumps(content))
    return OptMl(folder)


def account(opt_ml: OptMl) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((opt_ml.root / "output/engine.json").read_text())
    return found


def reported(text: str) -> dict[str, float]:
    found = re.findall(r"#test_score \(algo-1\) : \('(\w+)', (\S+)\)", text)
    return {name: float(value) for name, value in found}


@pytest.mark.parametrize(("train_type", "test_type"), [(RECORDIO, RECORDIO), (TRAIN_CSV, TEST_CSV)])
def test_a_forest_is_trained_and_tested_on_either_format(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], train_type: str, test_type: str
) -> None:
    rows, labels = labelled_rows()
    opt_ml = lay_out(
        tmp_path,
        train=encoded(usual_rows(5000), None, train_type),
        test=encoded(rows, labels, test_type),
        train_type=train_type,
        test_type=test_type,
    )
    Training(opt_ml).run()
    text = capsys.readouterr().out
    scores = reported(text)
    assert scores == {"accuracy": 1.0, "precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert "trees=50, samples per tree=64, sample=3200" in text
    assert account(opt_ml)["records"] == {"train": 5000, "test": 200}
    model = ForestModel.load(opt_ml.model)
    assert model.scores(np.array([[12.0, 12.0]]))[0] > 2 * model.scores(np.array([[0.0, 0.0]]))[0]


def test_f1_is_left_out_where_it_is_not_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, labels = labelled_rows()
    Training(
        lay_out(
            tmp_path,
            train=encoded(usual_rows(500), None, RECORDIO),
            test=encoded(rows, labels, RECORDIO),
            eval_metrics='["accuracy"]',
        )
    ).run()
    assert set(reported(capsys.readouterr().out)) == {"accuracy"}


def test_labels_of_the_train_channel_are_read_over(tmp_path: Path) -> None:
    rows = usual_rows(300)
    labels = np.arange(300, dtype=np.float32)
    models = []
    for form, given in ((TRAIN_CSV, None), (TEST_CSV, labels), (RECORDIO, labels)):
        folder = tmp_path / str(len(models))
        opt_ml = lay_out(folder, train=encoded(rows, given, form), train_type=form)
        Training(opt_ml).run()
        models.append(ForestModel.load(opt_ml.model).rows)
    assert np.array_equal(models[0], models[1])
    assert np.array_equal(models[0], models[2])


def test_what_differs_is_in_the_account(tmp_path: Path) -> None:
    rows, labels = labelled_rows()
    opt_ml = lay_out(
        tmp_path,
        train=encoded(usual_rows(300), None, RECORDIO),
        test=encoded(rows, labels, RECORDIO),
    )
    Training(opt_ml).run()
    scores, threshold, few = account(opt_ml)["not_honoured"]
    assert scores.startswith("scores (rcf3's")
    assert threshold.startswith("test metrics (a row counts as anomalous above mean + 3")
    assert few.startswith("num_trees=50 x num_samples_per_tree=64 are more than the 300 rows")


def test_two_hosts_make_one_forest_of_both_their_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BETWEEN_HOSTS", str(tmp_path / "between"))
    hosts = ("algo-1", "algo-2", "algo-3")
    shards = {
        "algo-1": encoded(usual_rows(2000), None, RECORDIO),
        "algo-2": encoded(usual_rows(6000, seed=7) + 20, None, RECORDIO),
        "algo-3": None,  # fewer objects than hosts
    }
    laid = {
        host: lay_out(tmp_path / host, train=body, host=host, hosts=hosts)
        for host, body in shards.items()
    }
    first = threading.Thread(target=Training(laid["algo-1"]).run)
    first.start()  # it waits for the others
    Training(laid["algo-2"]).run()
    Training(laid["algo-3"]).run()
    first.join(timeout=20)

    model = ForestModel.load(laid["algo-1"].model)
    assert len(model.rows) == 50 * 64
    assert (model.rows[:, 0] > 10).mean() == pytest.approx(0.75, abs=0.03)
    assert not (laid["algo-2"].model / "model_algo-1").exists()
    assert account(laid["algo-2"])["records"] == {"train": 6000}
    assert account(laid["algo-3"])["records"] == {"train": 0}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"distribution": "FullyReplicated"}, "channel train: randomcutforest does not take"),
        ({"train_type": "text/csv"}, "use text/csv;label_size=0 or text/csv;label_size=1"),
        ({"train_type": "text/csv;label_size=2"}, "does not say which columns are labels"),
        ({"train_type": "image/png"}, "content type 'image/png' is not supported"),
        ({"feature_dim": "3"}, "records have 2 features, expected 3"),
        ({"test": b"1,2,3\n", "test_type": TRAIN_CSV}, "use text/csv;label_size=1"),
        ({"test": encoded(usual_rows(3), None, RECORDIO)}, "records have no label"),
        (
            {"test": encoded(usual_rows(1), np.array([2.0]), RECORDIO)},
            "channel test: label 2 is neither 1, an anomaly, nor 0",
        ),
        ({"train": encoded(np.array([[1, np.nan]], np.float32), None, RECORDIO)}, "not a finite"),
        ({"train": encoded(np.ones((1, 2)), None, RECORDIO)}, "takes float32 tensors only"),
        ({"train": None}, "channel train: there are no records in it"),
    ],
)
def test_what_the_algorithm_does_not_take_is_refused_in_one_line(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    given = {"train": encoded(usual_rows(100), None, RECORDIO), **changes}
    with pytest.raises(CustomerError) as caught:
        Training(lay_out(tmp_path, **given)).run()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
