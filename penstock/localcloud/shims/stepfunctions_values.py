"""Step Functions: what a state sees of an answer, and what a reference path finds in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.response import StreamingBody
from jsonpath_ng.ext import parse as parse_jsonpath
from moto.stepfunctions.parser.asl.utils import json_path

# Descendants, wildcards, filters, slices and unions can find any number of values.
_INDEFINITE = re.compile(r"\.\.|\*|\?\(|\[[^\]'\"]*[:,][^\]]*\]")


def plain(value: Any, time_format: Callable[[datetime], Any]) -> Any:
    """`value` as JSON types: times by `time_format`, bodies and the like as text."""

    def default(item: Any) -> Any:
        if isinstance(item, StreamingBody):
            return item.read().decode()
        return time_format(item) if isinstance(item, datetime) else str(item)

    return json.loads(json.dumps(value, default=default))


def epoch_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def extract(path: str, data: Any) -> Any:
    """What a reference path finds: a value for a definite path, else a list of all matches.

    moto 5.2.5 gives a list for `$.a[0].b` too, and an error for a filter that matches nothing.
    Source: Amazon States Language, "Reference paths"; the empty list is from experience.
    """
    matches = [match.value for match in parse_jsonpath(path).find(data)]
    if _INDEFINITE.search(path):
        return matches
    if not matches:
        raise json_path.NoSuchJsonPathError(json_path=path, data=data)
    return matches[0]
