"""The diagram: which boxes there are, what the arrows follow, and that nothing overlaps."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

from penstock.review.assembly import read
from penstock.review.diagram.arrows import graph_of
from penstock.review.diagram.graph import Graph
from penstock.review.diagram.picture import mermaid, svg
from penstock.review.diagram.placing import place
from penstock.review.diagram.routing import BOX_HEIGHT, BOX_WIDTH, draw
from penstock.review.values import Values
from tests.assemblies import allow, arn, joined, ref, role, template, write_assembly


def machine(**states: Any) -> tuple[str, dict[str, Any]]:
    """A state machine whose definition is text with references in it, as CDK writes it."""
    text = json.dumps({"StartAt": next(iter(states)), "States": states}, ensure_ascii=False)
    pieces: list[Any] = []
    for number, part in enumerate(text.split("§")):
        pieces.append(arn(part) if number % 2 else part)
    return ("StepFunctions::StateMachine", {"DefinitionString": joined(*pieces)})


def task(resource: str, **parameters: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters}


WHOLE = template(
    Feed=("Kinesis::Stream", {}),
    Key=("KMS::Key", {}),
    Clean=("Lambda::Function", {"Role": arn("CleanRole")}),
    CleanRole=("IAM::Role", role()),
    Delivery=(
        "KinesisFirehose::DeliveryStream",
        {
            "KinesisStreamSourceConfiguration": {"KinesisStreamARN": arn("Feed")},
            "ExtendedS3DestinationConfiguration": {
                "BucketARN": arn("Lake"),
                "ProcessingConfiguration": {"Processors": [{"Parameters": [arn("Clean")]}]},
            },
        },
    ),
    Lake=("S3::Bucket", {"LoggingConfiguration": {"DestinationBucketName": ref("AccessLogs")}}),
    AccessLogs=("S3::Bucket", {}),
    Score=("Lambda::Function", {"Role": arn("ScoreRole")}),
    ScoreRole=(
        "IAM::Role",
        role(
            allow("s3:GetObject*", joined(arn("Lake"), "/models/*")),
            allow("sagemaker:InvokeEndpoint", "arn:aws:sagemaker:eu-west-1:1:endpoint/served"),
            allow("sns:Publish", ref("Alerts")),
            allow("s3:PutObject", arn("Spare")),
            {"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": arn("Dead")},
        ),
    ),
    Mapping=(
        "Lambda::EventSourceMapping",
        {
            "EventSourceArn": arn("Feed"),
            "FunctionName": ref("Score"),
            "DestinationConfig": {"OnFailure": {"Destination": arn("Letters")}},
        },
    ),
    Letters=("SQS::Queue", {}),
    Dead=("SQS::Queue", {}),
    Spare=("S3::Bucket", {}),
    Alerts=("SNS::Topic", {}),
    Served=("SageMaker::Endpoint", {"EndpointName": "served", "EndpointConfigName": ref("Config")}),
    Config=(
        "SageMaker::EndpointConfig",
        {
            "ProductionVariants": [{"ModelName": ref("Model")}],
            "DataCaptureConfig": {"DestinationS3Uri": joined("s3://", ref("Lake"), "/capture")},
        },
    ),
    Model=("SageMaker::Model", {"PrimaryContainer": {"ModelDataUrl": ref("Lake")}}),
    Slow=(
        "CloudWatch::Alarm",
        {
            "AlarmActions": [ref("Alerts")],
            "Dimensions": [{"Name": "EndpointName", "Value": "served"}],
        },
    ),
    Trainer=machine(
        Clean=task("glue:startJobRun.sync", JobName="§Job§"),
        Fit=task(
            "sagemaker:createTrainingJob.sync",
            InputDataConfig=[{"DataSource": {"S3Uri": "s3://§Lake§/in/"}}],
            OutputDataConfig={"S3OutputPath": "s3://§Spare§/out/"},
        ),
        Tell=task("aws-sdk:sns:publish", TopicArn="§Alerts§"),
    ),
    Job=("Glue::Job", {"Role": arn("JobRole")}),
    JobRole=("IAM::Role", role(allow(["s3:GetObject", "s3:PutObject"], joined(arn("Lake"), "/*")))),
    Nightly=("Scheduler::Schedule", {"Target": {"Arn": ref("Trainer")}}),
)


def graph(folder: Path, one: dict[str, Any] = WHOLE) -> Graph:
    assembly = read(write_assembly(folder, {"shop": one}))
    return graph_of(assembly, Values(assembly))


def arrows(found: Graph) -> set[tuple[str, str, str]]:
    return {
        (
            found.nodes[arrow.source].title,
            ("<" if arrow.is_mutual else "") + arrow.flow,
            found.nodes[arrow.target].title,
        )
        for arrow in found.arrows
    }


def test_arrows_follow_what_the_resources_say_of_each_other(tmp_path: Path) -> None:
    assert arrows(graph(tmp_path)) == {
        ("Feed", "data", "Delivery"),
        ("Delivery", "data", "Lake"),
        ("Delivery", "start", "Clean"),
        ("Feed", "data", "Score"),
        ("Score", "data", "Letters"),
        ("Score", "data", "Served"),
        ("Score", "tell", "Alerts"),
        ("Score", "data", "Spare"),
        ("Lake", "data", "Score"),
        ("Lake", "data", "Model"),
        ("Model", "data", "Served"),
        ("Served", "data", "Lake"),
        ("Served", "data", "Slow"),
        ("Slow", "tell", "Alerts"),
        ("Trainer", "start", "Job"),
        ("Trainer", "start", "Fit"),
        ("Trainer", "tell", "Alerts"),
        ("Lake", "data", "Fit"),
        ("Fit", "data", "Spare"),
        ("Lake", "<data", "Job"),
        ("Nightly", "start", "Trainer"),
    }


def test_keys_roles_and_buckets_of_logs_are_no_boxes(tmp_path: Path) -> None:
    titles = {node.title for node in graph(tmp_path).nodes.values()}
    assert not titles & {"Key", "ScoreRole", "AccessLogs", "Config", "Mapping"}
    assert "Dead" in titles  # nothing goes there, but it is there


def test_boxes_are_grouped_by_what_they_are_for(tmp_path: Path) -> None:
    groups = {
        purpose: {node.title for node in nodes} for purpose, nodes in graph(tmp_path).groups.items()
    }
    assert list(groups) == [
        "ingestion",
        "lake",
        "training",
        "serving",
        "scoring",
        "monitoring",
        "other",
    ]
    assert groups["ingestion"] == {"Feed", "Delivery", "Clean"}
    assert "Score" in groups["scoring"]
    assert {"Trainer", "Job", "Fit", "Nightly"} == groups["training"]
    assert {"Served", "Model"} == groups["serving"]
    assert groups["other"] == {"Dead"}


def test_the_name_of_the_stack_tells_the_purpose(tmp_path: Path) -> None:
    one, other = template(Q=("SQS::Queue", {})), template(Q=("SQS::Queue", {}))
    assembly = read(write_assembly(tmp_path, {"shop-scoring": one, "shop-core": other}))
    groups = graph_of(assembly, Values(assembly)).groups
    assert [node.stack for node in groups["scoring"]] == ["shop-scoring"]
    assert [node.stack for node in groups["other"]] == ["shop-core"]


def test_a_box_is_right_of_those_it_has_its_data_from(tmp_path: Path) -> None:
    found = graph(tmp_path)
    cells = place(found).cells
    at = {found.nodes[name].title: cell for name, cell in cells.items()}
    assert at["Feed"].column < at["Delivery"].column
    assert at["Model"].column < at["Served"].column
    assert at["Nightly"].column < at["Trainer"].column < at["Job"].column


def test_no_box_lies_on_another_and_no_line_runs_through_a_box(tmp_path: Path) -> None:
    found = graph(tmp_path)
    drawing = draw(found, place(found))
    boxes = drawing.boxes
    for one, other in combinations(boxes.values(), 2):
        assert abs(one[0] - other[0]) >= BOX_WIDTH or abs(one[1] - other[1]) >= BOX_HEIGHT
    for route in drawing.routes:
        for (x1, y1), (x2, y2) in zip(route.points, route.points[1:], strict=False):
            assert x1 == x2 or y1 == y2, "lines are level or upright"
            for name, (x, y) in boxes.items():
                inside = min(x1, x2) < x + BOX_WIDTH - 1 and max(x1, x2) > x + 1
                inside &= min(y1, y2) < y + BOX_HEIGHT - 1 and max(y1, y2) > y + 1
                assert not inside, f"{route.arrow} runs through {name}"
        for x, y in route.points:
            assert 0 <= x <= drawing.width
            assert 0 <= y <= drawing.height


def test_lines_of_different_boxes_do_not_run_on_each_other(tmp_path: Path) -> None:
    found = graph(tmp_path)
    level: dict[float, list[tuple[float, float, object]]] = {}
    for route in draw(found, place(found)).routes:
        for (x1, y1), (x2, y2) in zip(route.points, route.points[1:], strict=False):
            if y1 == y2 and x1 != x2:
                net = (route.arrow.source, route.arrow.flow)
                level.setdefault(y1, []).append((min(x1, x2), max(x1, x2), net))
    for spans in level.values():
        for (low, high, one), (other_low, other_high, other) in combinations(spans, 2):
            assert one == other or high < other_low or other_high < low


def test_names_are_escaped_and_the_picture_is_the_same_each_time(tmp_path: Path) -> None:
    hostile = template(Feed=("Kinesis::Stream", {}))
    path = write_assembly(
        tmp_path, {"shop": hostile}, paths={"shop": {"Feed": '/shop/<b>"x"]</b>/Resource'}}
    )
    assembly = read(path)
    found = graph_of(assembly, Values(assembly))
    assert "<b>" not in svg(found)
    assert "]<" not in mermaid(found)
    assert '"x"' not in mermaid(found)
    assert svg(found) == svg(graph_of(read(path), Values(read(path))))


def test_a_definition_with_branches_and_a_map_is_read_to_the_bottom(tmp_path: Path) -> None:
    inner = {"StartAt": "A", "States": {"A": task("sns:publish", TopicArn="§Alerts§")}}
    nested = {"StartAt": "B", "States": {"B": task("lambda:invoke", FunctionName="§Fn§")}}
    one = template(
        Alerts=("SNS::Topic", {}),
        Fn=("Lambda::Function", {}),
        M=machine(
            Both={"Type": "Parallel", "Branches": [inner]},
            Each={"Type": "Map", "ItemProcessor": nested},
        ),
    )
    assert arrows(graph(tmp_path, one)) == {("M", "tell", "Alerts"), ("M", "start", "Fn")}
