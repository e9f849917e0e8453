"""The way of the data, with how much went over each arrow and what left the way."""

from __future__ import annotations

from dataclasses import dataclass, field

from penstock.cli.html_report.parts import Part, part
from penstock.html.markup import Html, element
from penstock.html.section import missing, section
from penstock.html.wording import counted, is_number, number


@dataclass(frozen=True)
class Branch:
    """What left the way at a stop."""

    text: str
    kind: str  # failed, dropped or onward


@dataclass(frozen=True)
class Stop:
    """A place on the way; `arriving` is what came over the arrow before it, None for nothing."""

    name: str
    note: str = ""
    arriving: tuple[float, str] | None = None
    branches: list[Branch] = field(default_factory=list)


def way(report: Part) -> Html:
    """The halves of the way: into the lake and on to the monitor; between them a scored stream."""
    scored, onwards = part(report, "anomaly"), _onwards(report)
    return section(
        "way",
        "The way of the data",
        _line("Into the lake", _into_the_lake(part(report, "records"))),
        _account(part(report, "records")),
        _line("Scored as it flows", _scoring(scored)) if scored else None,
        _line(f"From the lake to the {onwards[-1].name.lower()}", onwards),
    )


def _into_the_lake(records: Part) -> list[Stop]:
    sent, delivered = _count(records, "sent"), _count(records, "delivered")
    failed = part(records, "failed")
    at_source = _count(failed, "source")
    lost = [
        Branch(f"{number(_count(failed, where))} failed: {where}", "failed")
        for where in failed
        if where != "source" and _count(failed, where)
    ]
    if _count(records, "dropped"):
        lost.append(
            Branch(f"{number(_count(records, 'dropped'))} dropped by the transform", "dropped")
        )
    unique = records.get("unique")
    return [
        Stop("Producer", "puts records"),
        Stop(
            "Stream",
            "Kinesis",
            (sent, "record"),
            [Branch(f"{number(at_source)} failed: source", "failed")] if at_source else [],
        ),
        Stop("Transform", "Firehose and Lambda", (sent - at_source, "record"), lost),
        Stop(
            "Lake",
            f"{counted(unique, 'different id')}" if is_number(unique) else "Parquet in S3",
            (delivered, "record"),
        ),
    ]


def _scoring(anomaly: Part) -> list[Stop]:
    scored, alerts = _count(anomaly, "scored_records"), _count(anomaly, "alerts")
    skipped = sum(_count(part(anomaly, "skipped"), reason) for reason in part(anomaly, "skipped"))
    left = []
    if dead := _count(anomaly, "dead_letters"):
        left.append(Branch(f"{number(dead)} to the dead-letter queue", "failed"))
    if skipped:
        left.append(Branch(f"{number(skipped)} without a score", "dropped"))
    return [
        Stop("Stream", "as above"),
        Stop("Scorer", "Lambda asks the endpoint", (_count(anomaly, "points"), "point"), left),
        Stop(
            "Scores",
            "in the lake, by Firehose",
            (scored, "score"),
            [Branch(counted(alerts, "alert"), "onward")] if alerts else [],
        ),
    ]


def _onwards(report: Part) -> list[Stop]:
    channels = part(part(report, "training"), "channels")
    rows = {name: _count(part(channels, name), "records") for name in channels}
    endpoint, monitor = part(report, "endpoint"), part(report, "monitor")
    checked = {
        name: part(monitor, f"{name}_batch")
        for name in ("reference", "drifted")
        if is_number(part(monitor, f"{name}_batch").get("rows"))
    }
    found = sum(_count(batch, "violations") for batch in checked.values())
    after = []
    if found:
        after.append(Branch(counted(found, "violation"), "failed"))
    if monitor.get("retrained"):
        after.append(Branch("trained again", "onward"))
    mean = endpoint.get("mean_score")
    asked = f"asked about {counted(_count(endpoint, 'rows'), 'row')}"
    if is_number(mean):
        asked += f", mean score {number(mean)}"
    stops = [
        Stop("Lake", "as above"),
        Stop(
            "Training",
            ", ".join(f"{number(count)} {name}" for name, count in rows.items()) or "not reached",
            (sum(rows.values()), "row") if rows else None,
        ),
        Stop(
            "Endpoint",
            asked if endpoint else "not reached",
            (1, "model") if endpoint else None,
        ),
    ]
    captured = is_number(endpoint.get("captured"))
    if part(report, "anomaly") and not monitor and not captured:
        return stops  # its scores are looked at as they flow, not its requests afterwards
    return [
        *stops,
        Stop(
            "Capture",
            "requests and answers" if captured else "nothing captured",
            (endpoint["captured"], "request") if captured else None,
        ),
        Stop(
            "Monitor",
            ", ".join(f"{number(batch['rows'])} {name}" for name, batch in checked.items())
            or "nothing checked",
            (sum(batch["rows"] for batch in checked.values()), "row") if checked else None,
            after,
        ),
    ]


def _line(label: str, stops: list[Stop]) -> Html:
    children: list[Html] = []
    for place, stop in enumerate(stops):
        if place:
            children.append(_arrow(stop.arriving))
        reached = place == 0 or stop.arriving is not None
        children.append(
            element(
                "div",
                element(
                    "div",
                    element("b", stop.name),
                    element("span", stop.note),
                    class_="node" if reached else "node unreached",
                ),
                *[
                    element("div", branch.text, class_=f"branch {branch.kind}")
                    for branch in stop.branches
                ],
                class_="stop",
            )
        )
    return element(
        "div", element("h3", label), element("div", *children, class_="line"), class_="half"
    )


def _arrow(arriving: tuple[float, str] | None) -> Html:
    text = counted(*arriving) if arriving else ""
    return element(
        "div",
        element("span", text, class_="count"),
        element("span", class_="shaft"),
        class_="arrow" if arriving else "arrow unreached",
    )


def _account(records: Part) -> Html:
    if not records.get("sent"):
        return missing("No record was sent.")
    failed = part(records, "failed")
    sent, delivered, dropped = (_count(records, name) for name in ("sent", "delivered", "dropped"))
    lost = sum(_count(failed, where) for where in failed)
    text = (
        f"{number(sent)} sent = {number(delivered)} delivered + {number(dropped)} dropped + "
        f"{number(lost)} failed"
    )
    unknown = sent - delivered - dropped - lost
    if not unknown:
        return element("p", text, class_="account")
    return element(
        "p",
        f"{text.replace('=', '≠')}: the two sides differ by {counted(abs(unknown), 'record')}",
        class_="account wrong",
    )


def _count(of: Part, name: str) -> int:
    found = of.get(name)
    return int(found) if is_number(found) else 0
