"""Requests and answers as bytes: which texts were sent, and how predictions are written.

On the standard library alone. The toolkit of Hugging Face's container hands over str for
application/json and text/csv, a bytearray for all else, and calls the answer's type what the
request's Accept says, application/json where it says nothing
(aws/sagemaker-huggingface-inference-toolkit@69bc5ef, handler_service.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

JSON, JSON_LINES, TEXT = "application/json", "application/jsonlines", "text/plain"
_SHOWN = 40  # characters of a wrong value
_HOW = 'send {"text": "..."} or {"texts": ["...", "..."]}'


class RequestError(ValueError):
    """A request that cannot be answered: which field, its value, the rule, what to send."""


def texts_of(body: str | bytes | bytearray, content_type: str | None) -> list[str]:
    """The texts of a request, one or more, in their order. RequestError."""
    kind = _plain(content_type)
    if kind not in (JSON, JSON_LINES, TEXT):
        raise RequestError(
            f"Content-Type is {content_type!r}: this model reads {JSON}, {JSON_LINES} and {TEXT}; "
            f"{_HOW} as {JSON}"
        )
    text = _decoded(body)
    if not text.strip():
        raise RequestError(f"the body is empty: a request has one text or more; {_HOW} as {JSON}")
    if kind == TEXT:
        return [text]
    if kind == JSON:
        return _texts(_document(text, "the body"))
    # not splitlines, which also ends a line where a text in it has U+2028
    lines = enumerate(text.split("\n"), start=1)
    return [_text_of_line(line, number) for number, line in lines if line.strip()]


def written(
    predictions: Sequence[dict[str, Any]], content_type: str | None, accept: str | None
) -> str:
    """The answer: a line a prediction for lines, else {"predictions": [...]}. RequestError."""
    wanted = _plain(accept)
    if wanted not in ("", "*/*", "application/*", JSON, JSON_LINES):
        raise RequestError(
            f"Accept is {accept!r}: this model answers in {JSON} or {JSON_LINES}; ask for one of "
            "them, or leave it out"
        )
    # lines are answered with lines, even where nothing is accepted by name: a batch transform's
    # answers are put together line by line
    if JSON_LINES in (wanted, _plain(content_type)):
        return "".join(json.dumps(prediction) + "\n" for prediction in predictions)
    return json.dumps({"predictions": list(predictions)})


def _plain(media_type: str | None) -> str:
    return (media_type or "").partition(";")[0].strip().lower()


def _decoded(body: str | bytes | bytearray) -> str:
    if isinstance(body, str):
        return body
    try:
        return bytes(body).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(
            f"byte {error.start} of the body is {body[error.start]:#04x}: a body is UTF-8; encode "
            "the text so"
        ) from None


def _document(text: str, where: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise RequestError(f"{where} is {_shown(text)}, not JSON ({reason}); {_HOW}") from None
    if not isinstance(found, dict):
        raise RequestError(f"{where} is {_shown(found)}: it must be a JSON object; {_HOW}")
    return found


def _texts(document: dict[str, Any]) -> list[str]:
    if ("text" in document) == ("texts" in document):
        having = "both text and texts" if "text" in document else f"fields {sorted(document)}"
        raise RequestError(f"the body has {having}: it must have either text or texts; {_HOW}")
    if "text" in document:
        return [_string(document["text"], "text")]
    found = document["texts"]
    if not isinstance(found, list) or not found:
        raise RequestError(
            f"texts is {_shown(found)}: it must be a list of one string or more; {_HOW}"
        )
    return [_string(text, f"texts[{number}]") for number, text in enumerate(found)]


def _text_of_line(line: str, number: int) -> str:
    document = _document(line, f"line {number}")
    if "text" not in document:
        raise RequestError(
            f"line {number} has fields {sorted(document)}: a line must have text; send "
            '{"text": "..."} in each'
        )
    return _string(document["text"], f"text of line {number}")


def _string(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise RequestError(f'{where} is {_shown(value)}: a text must be a string; send "..."')
    return value


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
