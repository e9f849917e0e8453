"""Turns sensor readings into lines of a table: grade first, then the measurements."""

import base64
import json
import os
import time

MEASUREMENTS = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave_points",
    "symmetry",
    "fractal_dimension",
)


def comma_separated(event, context):
    """Firehose's transformation entry point: CSV."""
    return _answer(event, ",")


def semicolon_separated(event, context):
    """The same for a spreadsheet with a European locale."""
    return _answer(event, ";")


def _answer(event, separator):
    answers = [_one(record, separator) for record in event["records"]]
    dropped = sum(answer["result"] == "Dropped" for answer in answers)
    _say(seen=len(answers), heartbeats=dropped)
    return {"records": answers}


def _one(record, separator):
    kept = {"recordId": record["recordId"], "data": record["data"]}
    try:
        reading = json.loads(base64.b64decode(record["data"]))
        if reading["kind"] == "heartbeat":
            return {**kept, "result": "Dropped"}
        # a calibration run settles before its values count
        time.sleep(reading.get("settle_seconds", 0))
        defect = reading["diagnosis"] == os.environ["DEFECT_DIAGNOSIS"]
        values = [float(reading["sensors"][name]) for name in MEASUREMENTS]
    except (KeyError, TypeError, ValueError) as error:
        _say(rejected=record["recordId"], why=repr(error))
        return {**kept, "result": "ProcessingFailed"}
    line = separator.join([str(int(defect)), *(f"{value:.6g}" for value in values)]) + "\n"
    return {**kept, "result": "Ok", "data": base64.b64encode(line.encode()).decode()}


def _say(**what):
    print(json.dumps(what))  # noqa: T201 - it goes to the function's log
