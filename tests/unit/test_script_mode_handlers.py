"""The Hugging Face toolkit's contract: which of the user's functions are called, and with what."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.localcloud.engines.script_mode.serve_handlers import CSV, JSON, Handlers


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Programs under test are imported into this very process."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def handlers(folder: Path, program: str, name: str = "inference.py") -> Handlers:
    (folder / "code").mkdir()
    (folder / "code" / name).write_text(textwrap.dedent(program))
    return Handlers(folder)


PARTS = """
    import json
    def model_fn(model_dir):
        return {"dir": model_dir}
    def input_fn(data, content_type):
        return [type(data).__name__, content_type]
    def predict_fn(data, model):
        return {"read": data, **model}
    def output_fn(prediction, accept):
        return json.dumps({**prediction, "accept": accept})
"""


@pytest.mark.parametrize(
    ("content_type", "kind"), [(JSON, "str"), (CSV, "str"), ("text/plain", "bytearray")]
)
def test_the_four_functions_take_turns(content_type: str, kind: str, tmp_path: Path) -> None:
    program = handlers(tmp_path, PARTS)
    status, body, headers = program.answer(b"{}", {"content-type": content_type, "Accept": "*/*"})
    assert (status, headers) == (200, {"content-type": JSON})
    assert json.loads(body) == {
        "read": [kind, content_type],
        "dir": str(tmp_path),
        "accept": JSON,
    }


def test_one_function_may_do_all_of_it_and_sees_the_request(tmp_path: Path) -> None:
    program = handlers(
        tmp_path,
        """
        def model_fn(model_dir, context):
            return context.system_properties["model_dir"]
        def transform_fn(model, body, content_type, accept, context):
            context.set_response_status(418, "teapot")
            context.set_response_content_type(0, "text/mine")
            attributes = "X-Amzn-SageMaker-Custom-Attributes"
            context.set_response_header(0, attributes, context.get_request_header(0, attributes))
            return bytearray(body) + model.encode()
        """,
    )
    status, body, headers = program.answer(
        b"x", {"Accept": "text/plain", "X-Amzn-SageMaker-Custom-Attributes": "trace=7"}
    )
    assert (status, body) == (418, b"x" + str(tmp_path).encode())
    # whatever the program calls it
    assert headers.pop("content-type") == "text/plain"
    assert headers == {"X-Amzn-SageMaker-Custom-Attributes": "trace=7"}
    status, _, headers = program.answer(b"", {"X-Amzn-SageMaker-Custom-Attributes": "trace=8"})
    assert headers["X-Amzn-SageMaker-Custom-Attributes"] == "trace=8"


def test_a_tuple_is_no_body_with_its_type(tmp_path: Path) -> None:
    program = handlers(
        tmp_path,
        """
        def model_fn(model_dir):
            return None
        def transform_fn(model, body, content_type, accept):
            return body, "text/plain"
        """,
    )
    _, body, headers = program.answer(b"hello", {"Content-Type": JSON})
    assert (json.loads(body), headers) == (["hello", "text/plain"], {"content-type": JSON})


def test_what_is_not_there_is_the_toolkits_own(tmp_path: Path) -> None:
    program = handlers(
        tmp_path,
        """
        def model_fn(model_dir):
            return lambda inputs, top=1: [{"label": str(inputs), "top": top}]
        """,
    )
    body = json.dumps({"inputs": "é", "parameters": {"top": 2}}).encode()
    _, answer, _ = program.answer(body, {"Content-Type": JSON})
    assert answer == '[{"label":"é","top":2}]'.encode()
    _, answer, _ = program.answer(b"inputs\na\nb\n", {"Content-Type": CSV})
    assert json.loads(answer) == [{"label": "['a', 'b']", "top": 1}]
    with pytest.raises(ValueError, match="Content type image/png is not supported"):
        program.answer(b"", {"Content-Type": "image/png"})
    with pytest.raises(ValueError, match="Content type text/csv is not supported"):
        program.answer(body, {"Content-Type": JSON, "Accept": CSV})


def test_the_program_may_have_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGEMAKER_PROGRAM", "answers.py")
    program = handlers(tmp_path, PARTS, name="answers.py")
    assert json.loads(program.answer(b"", {})[1])["read"] == ["bytearray", None]


def test_no_program_and_no_task_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no code/inference\.py with model_fn and .* no HF_TASK"):
        Handlers(tmp_path)


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        (PARTS + "    def transform_fn(a, b, c, d): ...", ValueError, "transform_fn and input_fn"),
        ("def model_fn(): ...", TypeError, "model_fn has 0 arguments, the toolkit takes 1 or"),
        ("import not_in_the_archive", ModuleNotFoundError, "not_in_the_archive"),
    ],
)
def test_a_program_that_breaks_the_contract_is_not_loaded(
    program: str, error: type[Exception], words: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=words):
        handlers(tmp_path, program)
