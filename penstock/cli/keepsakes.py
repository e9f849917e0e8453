"""What a run leaves on disk when its cloud is gone: every log, and the model."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_UNFIT = re.compile(r"[^\w.\-]+")  # what file names had better not hold


def keep_logs(logs: Any, folder: Path) -> int:
    """Write each log stream to `<folder>/<group>/<stream>.log`; returns how many there were.

    `logs` is a boto3 CloudWatch Logs client. A line is its time (UTC) and its message.
    """
    kept = 0
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            lines: dict[str, list[str]] = defaultdict(list)
            events = logs.get_paginator("filter_log_events").paginate(logGroupName=name)
            for event in (event for found in events for event in found["events"]):
                moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                stamp = moment.isoformat(timespec="milliseconds")
                lines[event["logStreamName"]].append(f"{stamp} {event['message'].rstrip()}\n")
            for stream, text in lines.items():
                path = folder / _file_name(name) / f"{_file_name(stream)}.log"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("".join(text), encoding="utf-8")
                kept += 1
    return kept


def keep_folder(s3: Any, uri: str, folder: Path) -> None:
    """Copy the objects directly below an s3:// address that ends with / into a folder."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    folder.mkdir(parents=True, exist_ok=True)
    listed = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for item in (item for page in listed for item in page.get("Contents", [])):
        name = item["Key"].removeprefix(prefix)
        if name and "/" not in name:
            keep_object(s3, f"s3://{bucket}/{item['Key']}", folder / name)


def keep_object(s3: Any, uri: str, path: Path) -> None:
    """Copy the object at an s3:// address to a file. `s3` is a boto3 S3 client."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    with path.open("wb") as file:
        for chunk in body.iter_chunks(1 << 20):
            file.write(chunk)


def _file_name(name: str) -> str:
    return _UNFIT.sub("_", name).strip("_")
