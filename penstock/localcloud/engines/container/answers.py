"""Turns predictions into an answer's body, in the form that the request accepts.

Formats: SageMaker developer guide, LL-in-formats and rcf-in-formats.
"""

from __future__ import annotations

import io
import json
from typing import Any

from penstock.localcloud.engines.container.requests import JSON, RECORDIO, BadRequestError
from penstock.recordio import write_labels

JSON_LINES = "application/jsonlines"
TYPES = (JSON, JSON_LINES, RECORDIO)


def answer_type(accept: str | None) -> str:
    """The first of the accepted types that there is; BadRequestError (406) for none of them."""
    wanted = [part.split(";")[0].strip().lower() for part in (accept or "*/*").split(",")]
    for part in wanted:
        if part in ("", "*/*", "application/*"):
            return JSON
        if part in TYPES:
            return part
    raise BadRequestError(f"accept {accept!r} is not supported; use {', '.join(TYPES)}", 406)


def encode(predictions: list[dict[str, Any]], form: str, envelope: str) -> bytes:
    """The body: one JSON object with all under `envelope`, a JSON line each, or a record each."""
    if form == JSON_LINES:
        return "".join(json.dumps(prediction) + "\n" for prediction in predictions).encode()
    if form == RECORDIO:
        file = io.BytesIO()
        for prediction in predictions:
            write_labels(file, prediction)
        return file.getvalue()
    return json.dumps({envelope: predictions}).encode()
