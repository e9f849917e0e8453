"""The Hugging Face inference toolkit's contract with a user's program; standard library only.

After aws/sagemaker-huggingface-inference-toolkit@69bc5ef, handler_service.py, and the model server
that it runs in, awslabs/multi-model-server@706aa9c (context.py, service.py). It runs in the
framework's own environment, by its path.
"""

from __future__ import annotations

import csv
import importlib
import importlib.util
import io
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from inspect import signature
from pathlib import Path
from typing import Any

JSON, CSV, ANY = "application/json", "text/csv", "*/*"
TEXT_TYPES = (JSON, CSV)  # handed over as str; the body of any other type is a bytearray
_CONTENT_TYPE = re.compile("^[Cc]ontent-?[Tt]ype")
# how many arguments the toolkit's own functions have, the context among them
_ARGUMENTS = {"model_fn": 2, "input_fn": 3, "predict_fn": 3, "output_fn": 3, "transform_fn": 5}
_TASKS = {
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForQuestionAnswering": "question-answering",
    "ForMaskedLM": "fill-mask",
    "ForCausalLM": "text-generation",
}


class RequestProcessor:
    """One request's headers, and the status and headers of its answer."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)
        self._status = 200
        self._phrase: str | None = None
        self._answer_headers: dict[str, str] = {}

    def get_request_properties(self) -> dict[str, str]:
        """All headers, names as they came."""
        return self._headers

    def get_request_property(self, key: str) -> str | None:
        """One header."""
        return self._headers.get(key)

    def report_status(self, code: int, reason_phrase: str | None = None) -> None:
        """The status of the answer."""
        self._status, self._phrase = code, reason_phrase

    def get_response_status_code(self) -> int:
        """What was reported."""
        return self._status

    def get_response_status_phrase(self) -> str | None:
        """What was reported."""
        return self._phrase

    def add_response_property(self, key: str, value: str) -> None:
        """A header of the answer."""
        self._answer_headers[key] = value

    def get_response_headers(self) -> dict[str, str]:
        """All headers of the answer."""
        return self._answer_headers


class Context:
    """What a function with one argument more is told."""

    def __init__(self, model_dir: str) -> None:
        self.model_name = "model"
        self.manifest = None
        self.system_properties = {"model_dir": model_dir, "gpu_id": None, "batch_size": 1}
        self.request_processor: list[RequestProcessor] = []

    def get_request_header(self, idx: int, key: str) -> str | None:
        """A header of the request."""
        return self.request_processor[idx].get_request_property(key)

    def get_all_request_header(self, idx: int) -> dict[str, str]:
        """All headers of the request."""
        return self.request_processor[idx].get_request_properties()

    def set_response_status(self, code: int = 200, phrase: str = "", idx: int = 0) -> None:
        """The status of the answer."""
        self.request_processor[idx].report_status(code, phrase)

    def set_response_header(self, idx: int, key: str, value: str) -> None:
        """A header of the answer."""
        self.request_processor[idx].add_response_property(key, value)

    def set_response_content_type(self, idx: int, value: str) -> None:
        """Set to what the request accepts once the answer is there: the toolkit does so."""
        self.set_response_header(idx, "content-type", value)


class Handlers:
    """The functions of a user's program, the toolkit's own where it has none."""

    def __init__(self, model_dir: Path) -> None:
        """Import the program and load the model; raises what the program raises."""
        self._context = Context(str(model_dir))
        sys.path.insert(0, str(model_dir / "code"))
        program = os.environ.get("SAGEMAKER_PROGRAM", "inference.py")
        module = program[:-3] if program.endswith(".py") else program
        found = {}
        if importlib.util.find_spec(module) is not None:
            user = importlib.import_module(module)
            found = {name: getattr(user, name) for name in _ARGUMENTS if hasattr(user, name)}
        else:
            print(f"there is no {program} in model.tar.gz: default functions are used", flush=True)
        parts = [name for name in ("input_fn", "predict_fn", "output_fn") if name in found]
        if "transform_fn" in found and parts:
            raise ValueError(
                f"{program} has transform_fn and {', '.join(parts)}: the toolkit takes either "
                "transform_fn alone, or the others"
            )
        self._functions: dict[str, Callable[..., Any]] = {
            "model_fn": default_model,
            "input_fn": decode,
            "predict_fn": predict,
            "output_fn": encode,
        }
        for name, function in found.items():
            self._functions[name] = self._told(name, function)
        self._model = self._functions["model_fn"](str(model_dir))

    def answer(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes, dict[str, str]]:
        """Status, body, headers of the answer; raises what the program raises."""
        request = RequestProcessor(headers)
        self._context.request_processor = [request]
        kind = next((headers[name] for name in headers if _CONTENT_TYPE.match(name)), None)
        accept = headers.get("Accept") or headers.get("accept")
        if not accept or accept == ANY:
            accept = JSON
        data = body.decode("utf-8") if kind in TEXT_TYPES else bytearray(body)
        answer = self._transformed(data, kind, accept)
        self._context.set_response_content_type(0, accept)
        return (
            request.get_response_status_code(),
            _on_the_wire(answer),
            (request.get_response_headers()),
        )

    def _transformed(self, data: str | bytearray, kind: str | None, accept: str) -> Any:
        functions = self._functions
        if "transform_fn" in functions:
            return functions["transform_fn"](self._model, data, kind, accept)
        read = functions["input_fn"](data, kind)
        return functions["output_fn"](functions["predict_fn"](read, self._model), accept)

    def _told(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, given the context if it has an argument for it."""
        wanted, given = _ARGUMENTS[name], len(signature(function).parameters)
        if given == wanted:
            return lambda *arguments: function(*arguments, self._context)
        if given == wanted - 1:
            return function
        raise TypeError(
            f"{name} has {given} arguments, the toolkit takes {wanted - 1} or, with context, "
            f"{wanted}"
        )


def default_model(model_dir: str) -> Any:
    """A pipeline of transformers for HF_TASK, or for the architecture in config.json."""
    task = os.environ.get("HF_TASK")
    config = Path(model_dir) / "config.json"
    if task is None and config.exists():
        for architecture in json.loads(config.read_text(encoding="utf-8")).get("architectures", []):
            endings = (ending for ending in _TASKS if str(architecture).endswith(ending))
            task = next((_TASKS[ending] for ending in endings), task)
    if task is None:
        raise ValueError(
            "the model has no code/inference.py with model_fn and the environment no HF_TASK: "
            "give one of them"
        )
    return importlib.import_module("transformers").pipeline(task=task, model=model_dir)


def decode(data: Any, content_type: str | None) -> Any:
    """The default input_fn: JSON, and CSV with a header."""
    if content_type == JSON:
        return json.loads(data)
    if content_type == CSV:
        rows = list(csv.DictReader(io.StringIO(data)))
        has_inputs = bool(rows) and "inputs" in rows[0]
        return {"inputs": [row["inputs"] for row in rows] if has_inputs else rows}
    raise ValueError(_not_supported(content_type))


def predict(data: Any, model: Any) -> Any:
    """The default predict_fn: `inputs` and `parameters` of a document go to the model."""
    inputs = data.pop("inputs", data)
    return model(inputs, **(data.pop("parameters", None) or {}))


def encode(prediction: Any, accept: str) -> str:
    """The default output_fn: JSON."""
    if accept != JSON:
        raise ValueError(_not_supported(accept))
    return json.dumps(
        prediction,
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
        default=lambda value: value.tolist(),
    )


def _not_supported(content_type: str | None) -> str:
    return (
        f"Content type {content_type} is not supported by this framework.\n\n"
        "Please implement input_fn to to deserialize the request data or an output_fn to\n"
        "serialize the response. For more information, see the SageMaker Python SDK README."
    )


def _on_the_wire(answer: Any) -> bytes:
    """As the model server sends it: what is neither bytes nor text becomes JSON, a tuple too."""
    if isinstance(answer, (bytes, bytearray)):
        return bytes(answer)
    if isinstance(answer, str):
        return answer.encode("utf-8")
    return json.dumps(answer, indent=2).encode("utf-8")
