"""The first things to know: what ran, whether it succeeded, and what came of it."""

from __future__ import annotations

from penstock.cli.html_report.anomaly import alerts_tile, windows_tile
from penstock.cli.html_report.catch import caught
from penstock.cli.html_report.parts import Part, part, parts
from penstock.html.markup import Html, element
from penstock.html.section import tile
from penstock.html.wording import counted, is_number, number, percent, seconds


def headline(report: Part) -> Html:
    """The page's head: one sentence large, a few small, and the figures."""
    failed = report.get("status") != "succeeded"
    mark = element("span", "✘" if failed else "✔", class_="mark", aria_hidden="true")
    return element(
        "header",
        element("p", "Penstock run report", class_="eyebrow"),
        element("h1", mark, " ", title(report)),
        _why(report) if failed else None,
        element("p", " ".join(_sentences(report)), class_="lead"),
        element("div", *_tiles(report), class_="tiles"),
        class_="failed" if failed else "succeeded",
    )


def title(report: Part) -> str:
    """What ran, for how long, and how it ended."""
    name = str(report.get("pipeline") or "a pipeline")
    if report.get("accelerator"):
        name += f" on {report['accelerator']}"
    took = report.get("seconds")
    if report.get("status") == "succeeded":
        steps = parts(report, "steps")
        done = sum(step.get("status") == "succeeded" for step in steps)
        all_of_them = f"all {done}" if done == len(steps) else f"{done} of {len(steps)}"
        text = f"{name} succeeded: {all_of_them} steps" if steps else f"{name} succeeded"
        return f"{text} in {seconds(took)}" if is_number(took) else text
    step = report.get("failed_step")
    text = f"{name} failed in step {step}" if step else f"{name} failed"
    return f"{text} after {seconds(took)}" if is_number(took) else text


def _why(report: Part) -> Html:
    reason = report.get("reason")
    return element("p", str(reason) if reason else "No reason was reported.", class_="reason")


def _sentences(report: Part) -> list[str]:
    found = [_quality(report), _records(report), _monitor(report), _retraining(report)]
    return [sentence for sentence in found if sentence]


def _quality(report: Part) -> str:
    """How good the model is, by the best figure that there is."""
    anomaly = part(report, "anomaly")
    told = [_accuracy(report), caught(anomaly) if anomaly else None]
    return (
        " ".join(filter(None, told))
        or _by_scores(report)
        or "No figure tells how good the model is."
    )


def _by_scores(report: Part) -> str | None:
    """Of a model that answers scores, before it has scored a stream."""
    tested = part(report, "metrics").get("test:f1")
    if is_number(tested):
        return f"The trained model's F1 on the labelled test rows is {number(tested)}."
    endpoint = part(report, "endpoint")
    mean, rows = endpoint.get("mean_score"), endpoint.get("rows")
    if is_number(mean) and is_number(rows):
        return f"The endpoint's scores of {counted(rows, 'row')} are {number(mean)} on average."
    return None


def _accuracy(report: Part) -> str | None:
    metrics, rows = part(report, "metrics"), part(report, "endpoint").get("rows")
    answered = metrics.get("endpoint_accuracy")
    if is_number(answered):
        of = f" {counted(rows, 'held-out row')}" if is_number(rows) else " the held-out rows"
        return f"The endpoint was right about {percent(answered)} of{of}."
    tested = metrics.get("test:multiclass_accuracy", metrics.get("test:accuracy"))
    if is_number(tested):
        return f"The trained model was right about {percent(tested)} of the test rows."
    return None


def _records(report: Part) -> str | None:
    records = part(report, "records")
    sent, delivered = records.get("sent"), records.get("delivered")
    if not sent or not is_number(delivered):
        return "No record was sent."
    lost = part(records, "failed").values()
    failed = sum(count for count in lost if is_number(count))
    return f"Of {counted(sent, 'record')} sent, {number(delivered)} reached the lake" + (
        f" and {number(failed)} failed." if failed else "."
    )


def _monitor(report: Part) -> str | None:
    monitor = part(report, "monitor")
    if not monitor:
        return None if part(report, "anomaly") else "No monitor watched."
    seen = [
        f"{counted(batch['violations'], 'violation')} in {counted(batch.get('rows') or 0, row)}"
        for name, row in (("reference_batch", "reference row"), ("drifted_batch", "drifted row"))
        if is_number((batch := part(monitor, name)).get("violations"))
    ]
    if not seen:
        return "The monitor has checked nothing."
    alarm = {"ALARM": "; the alarm went off.", "OK": "; the alarm is at rest."}
    return f"The monitor found {' and '.join(seen)}" + alarm.get(str(monitor.get("alarm")), ".")


def _retraining(report: Part) -> str | None:
    found = part(report, "retraining")
    if not found:
        return "Nothing was trained again." if part(report, "monitor") else None
    value, serving = found.get("value"), found.get("serving_value")
    text = "A second model was trained"
    if is_number(value) and is_number(serving):
        text += f", scored {number(value)} against {number(serving)} of the serving one,"
    return f"{text} and was {'registered' if found.get('registered') else 'not registered'}."


def _tiles(report: Part) -> list[Html]:
    return [
        found
        for found in (
            _accuracy_tile(report),
            windows_tile(part(report, "anomaly")) or alerts_tile(part(report, "anomaly")),
            _records_tile(report),
            _violations_tile(report),
            _retraining_tile(report),
        )
        if found
    ]


def _accuracy_tile(report: Part) -> Html | None:
    metrics = part(report, "metrics")
    for name, label in (
        ("endpoint_accuracy", "Accuracy at the endpoint"),
        ("test:multiclass_accuracy", "Accuracy in the test"),
        ("test:accuracy", "Accuracy in the test"),
    ):
        if is_number(metrics.get(name)):
            rows = part(report, "endpoint").get("rows")
            return tile(
                label,
                percent(metrics[name]),
                f"of {counted(rows, 'row')}" if is_number(rows) else "of the test rows",
            )
    return None


def _records_tile(report: Part) -> Html | None:
    records = part(report, "records")
    if not records.get("sent"):
        return None
    return tile(
        "Records in the lake",
        number(records.get("delivered") or 0),
        f"of {number(records['sent'])} sent",
    )


def _violations_tile(report: Part) -> Html | None:
    monitor = part(report, "monitor")
    drifted, reference = (
        part(monitor, name).get("violations") for name in ("drifted_batch", "reference_batch")
    )
    if not is_number(drifted):
        return None
    note = "in the drifted batch"
    if is_number(reference):
        note += f", {number(reference)} in the reference batch"
    alarm = str(monitor.get("alarm") or "")
    return tile(f"Violations{f', alarm {alarm}' if alarm else ''}", number(drifted), note)


def _retraining_tile(report: Part) -> Html | None:
    found = part(report, "retraining")
    if not found:
        return None
    value = found.get("value")
    return tile(
        "Second model",
        "registered" if found.get("registered") else "kept out",
        f"{found.get('metric') or 'metric'} {number(value)}" if is_number(value) else "no metric",
    )
