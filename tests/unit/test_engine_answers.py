"""A model behind the hosting contract: every answer's format, over HTTP."""

from __future__ import annotations

import http.client
import io
import json
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from penstock.localcloud.engines.container.answers import answer_type
from penstock.localcloud.engines.container.requests import BadRequestError
from penstock.localcloud.engines.container.serve import Server
from penstock.localcloud.engines.random_cut_forest.model import ForestModel
from penstock.recordio import Reader, Tensor, write_dense, write_labels

JSON, LINES, RECORDIO = (
    "application/json",
    "application/jsonlines",
    "application/x-recordio-protobuf",
)
ROWS = [[0.0, 0.25], [9.0, 9.0]]


@pytest.fixture(scope="module")
def model() -> ForestModel:
    rows = np.random.default_rng(0).normal(size=(2000, 2)).astype(np.float32)
    return ForestModel.grow(rows, 50, 64)


@pytest.fixture(scope="module")
def port(model: ForestModel) -> Iterator[int]:
    server = Server(0, model, "scores")
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def ask(port: int, body: bytes, content_type: str, accept: str) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Content-Type": content_type, "Accept": accept}
    connection.request("POST", "/invocations", body, headers)
    answer = connection.getresponse()
    found = answer.status, str(answer.getheader("Content-Type")), answer.read()
    connection.close()
    return found


def recordio_rows() -> bytes:
    file = io.BytesIO()
    write_dense(file, np.array(ROWS, np.float32))
    return file.getvalue()


def score_in(record: Any) -> float:
    label = record.label["score"]
    assert isinstance(label, Tensor)
    assert label.values.dtype == np.float32
    return float(label.values[0])


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"0,0.25\n9,9\n", "text/csv"),
        (json.dumps({"instances": [{"features": row} for row in ROWS]}).encode(), JSON),
        (recordio_rows(), RECORDIO),
    ],
)
def test_every_request_is_answered_in_every_format(
    model: ForestModel, port: int, body: bytes, content_type: str
) -> None:
    expected = model.scores(np.array(ROWS)).tolist()
    assert expected[1] > 2 * expected[0]
    status, form, answer = ask(port, body, content_type, JSON)
    assert (status, form) == (200, JSON)
    assert json.loads(answer) == {"scores": [{"score": score} for score in expected]}
    status, form, answer = ask(port, body, content_type, LINES)
    assert (status, form) == (200, LINES)
    assert [json.loads(line)["score"] for line in answer.splitlines()] == expected
    status, form, answer = ask(port, body, content_type, RECORDIO)
    assert (status, form) == (200, RECORDIO)
    records = list(Reader(io.BytesIO(answer)))
    assert [score_in(record) for record in records] == pytest.approx(expected, rel=1e-6)
    assert not records[0].features


def test_what_cannot_be_answered_has_its_status(port: int) -> None:
    assert ask(port, b"1,2,3", "text/csv", JSON)[::2] == (
        400,
        b"a row has 3 features, the model has 2",
    )
    assert ask(port, b"1,2", "image/png", JSON)[0] == 415
    assert ask(port, b"1,2", "text/csv", "image/png")[0] == 406


def test_the_first_accepted_type_that_there_is_is_used() -> None:
    assert answer_type(None) == JSON
    assert answer_type("image/png, application/jsonlines;q=0.5") == LINES
    with pytest.raises(BadRequestError, match="use application/json, "):
        answer_type("text/csv")


def test_labels_of_several_names_and_lengths_are_one_record() -> None:
    file = io.BytesIO()
    written = write_labels(file, {"predicted_label": 2, "score": [0.25, 0.75]})
    assert written == len(file.getvalue())
    file.seek(0)
    (record,) = Reader(file)
    found = {
        name: label.values.tolist()
        for name, label in record.label.items()
        if isinstance(label, Tensor)
    }
    assert found == {"predicted_label": [2.0], "score": [0.25, 0.75]}


def test_a_score_is_the_bytes_that_the_sdk_reads() -> None:
    # sagemaker 2.257.7's read_records: label {key "score" value {float32_tensor {values: 0.25}}}
    file = io.BytesIO()
    write_labels(file, {"score": 0.25})
    assert file.getvalue().hex() == "0a23d7ce1300000012110a0573636f7265120812060a040000803e00"


def test_a_label_of_two_dimensions_is_refused() -> None:
    with pytest.raises(ValueError, match="label score has shape"):
        write_labels(io.BytesIO(), {"score": [[1.0], [2.0]]})
