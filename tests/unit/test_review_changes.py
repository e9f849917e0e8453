"""Changes of resources between two assemblies: added, changed, replaced, removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from penstock.review.as_markdown import as_markdown
from penstock.review.assembly import read
from penstock.review.changes.resources import Change, changes
from penstock.review.changes.schemas import date, own_name, update_of
from penstock.review.changes.section import changes_section
from tests.assemblies import arn, ref, template, write_assembly

Template = dict[str, Any]


def compared(folder: Path, before: Template, after: Template) -> dict[str, Change]:
    old = read(write_assembly(folder / "before", {"a": before}))
    new = read(write_assembly(folder / "after", {"a": after}))
    return {change.resource.name: change for change in changes(old, new)}


def section(folder: Path, before: Template, after: Template) -> str:
    old = read(write_assembly(folder / "before", {"a": before}))
    new = read(write_assembly(folder / "after", {"a": after}))
    return as_markdown(changes_section(old, new))


def test_what_a_change_means_is_cloudformations_word() -> None:
    assert update_of("AWS::Kinesis::Stream", ("ShardCount",)) == "in place"
    assert update_of("AWS::Kinesis::Stream", ("Name",)) == "replaced"
    assert update_of("AWS::Glue::Table", ("TableInput", "Name")) == "replaced"
    assert update_of("AWS::Glue::Table", ("TableInput", "Description")) == "in place"
    assert update_of("AWS::Glue::Table", ("TableInput",)) == "replaced"
    assert update_of("AWS::SageMaker::Model", ("PrimaryContainer", "Image")) == "replaced"
    assert update_of("AWS::DynamoDB::Table", ("KeySchema",)) == "perhaps replaced"
    assert update_of("Custom::Thing", ("Anything",)) == "unknown"
    assert date() >= "2026"


def test_the_properties_that_name_a_resource_are_known() -> None:
    assert own_name("AWS::SageMaker::Endpoint") == ("EndpointName",)
    assert own_name("AWS::S3::Bucket") == ("BucketName",)
    assert own_name("Custom::Thing") == ()


def test_each_kind_of_change_is_told_with_its_properties(tmp_path: Path) -> None:
    before = template(
        Same=("SNS::Topic", {}),
        Grows=("Kinesis::Stream", {"ShardCount": 1, "Tags": [{"Key": "a", "Value": "b"}]}),
        Moves=("Kinesis::Stream", {"Name": "old"}),
        Goes=("SQS::Queue", {}),
    )
    after = template(
        Same=("SNS::Topic", {}),
        Grows=("Kinesis::Stream", {"ShardCount": 2, "Tags": [{"Key": "a", "Value": "c"}]}),
        Moves=("Kinesis::Stream", {"Name": "new"}),
        Comes=("SQS::Queue", {}),
    )
    found = compared(tmp_path, before, after)
    assert {name: change.kind for name, change in found.items()} == {
        "Grows": "changed",
        "Moves": "replaced",
        "Comes": "added",
        "Goes": "removed",
    }
    told = [(each.path, each.before, each.after) for each in found["Grows"].differences]
    assert told == [("ShardCount", "1", "2"), ("Tags.0.Value", "b", "c")]


def test_two_equal_assemblies_differ_in_nothing(tmp_path: Path) -> None:
    one = template(A=("SNS::Topic", {"KmsMasterKeyId": ref("K")}), K=("KMS::Key", {}))
    assert compared(tmp_path, one, one) == {}
    told = section(tmp_path, one, one)
    assert "No resource differs." in told
    assert "Nobody may do more or less than before." in told


def test_another_type_under_the_same_name_is_a_replacement(tmp_path: Path) -> None:
    found = compared(tmp_path, template(X=("SNS::Topic", {})), template(X=("SQS::Queue", {})))
    assert found["X"].kind == "replaced"
    assert found["X"].notes == ["is deleted"]


def test_whether_data_is_kept_is_told(tmp_path: Path) -> None:
    before = template(A=("S3::Bucket", {}), B=("S3::Bucket", {}))
    before["Resources"]["A"]["DeletionPolicy"] = "Retain"
    found = compared(tmp_path, before, template())
    assert found["A"].notes == ["stays in the account"]
    assert found["B"].notes == ["is deleted"]


def test_a_policy_of_deletion_is_a_change_of_its_own(tmp_path: Path) -> None:
    after = template(A=("S3::Bucket", {}))
    after["Resources"]["A"]["DeletionPolicy"] = "Delete"
    (difference,) = compared(tmp_path, template(A=("S3::Bucket", {})), after)["A"].differences
    assert (difference.path, difference.before, difference.after) == (
        "DeletionPolicy",
        None,
        "Delete",
    )


def test_a_replacement_under_the_same_fixed_name_is_refused(tmp_path: Path) -> None:
    def function(package: str) -> Template:
        return template(F=("Lambda::Function", {"FunctionName": "fixed", "PackageType": package}))

    notes = compared(tmp_path, function("Zip"), function("Image"))["F"].notes
    assert "the old one is deleted" in notes
    assert any("FunctionName fixed stays the same" in note for note in notes)


def test_a_replacement_spreads_to_what_refers_to_it(tmp_path: Path) -> None:
    def stream(name: str) -> Template:
        return template(
            Stream=("Kinesis::Stream", {"Name": name}),
            Reader=("Lambda::EventSourceMapping", {"EventSourceArn": arn("Stream")}),
            Role=("IAM::Role", {"Description": arn("Stream")}),
            Watcher=("CloudWatch::Alarm", {"AlarmDescription": ref("Reader")}),
        )

    found = compared(tmp_path, stream("old"), stream("new"))
    assert {name: change.kind for name, change in found.items()} == {
        "Stream": "replaced",
        "Reader": "replaced",
        "Role": "changed",
        "Watcher": "changed",
    }
    assert found["Reader"].notes == ["EventSourceArn refers to Stream, which is replaced"]


def test_an_export_in_use_stands_in_the_way_of_a_replacement(tmp_path: Path) -> None:
    def stacks(name: str) -> dict[str, Template]:
        store = template(Stream=("Kinesis::Stream", {"Name": name}))
        store["Outputs"] = {"O": {"Value": arn("Stream"), "Export": {"Name": "e"}}}
        use = template(R=("IAM::Role", {"Description": {"Fn::ImportValue": "e"}}))
        return {"x-store": store, "x-use": use}

    old = read(write_assembly(tmp_path / "before", stacks("old")))
    new = read(write_assembly(tmp_path / "after", stacks("new")))
    notes = {change.resource.name: change.notes for change in changes(old, new)}
    assert any("x-use imports it: CloudFormation refuses" in note for note in notes["store/Stream"])


def test_long_values_are_shown_where_they_differ(tmp_path: Path) -> None:
    def function(text: str) -> Template:
        return template(F=("Lambda::Function", {"Description": "a" * 500 + text}))

    told = section(tmp_path, function("one"), function("two"))
    assert "aaaaone → …aaaa" in told
    assert "a" * 100 not in told


def test_other_parts_of_a_template_that_decide_are_told(tmp_path: Path) -> None:
    before, after = template(), template()
    before["Parameters"] = {"Size": {"Type": "String", "Default": "small"}}
    after["Parameters"] = {"Size": {"Type": "String", "Default": "large"}}
    assert "| a | Parameters | Size |" in section(tmp_path, before, after)


def test_assemblies_without_a_common_stack_say_so(tmp_path: Path) -> None:
    old = read(write_assembly(tmp_path / "before", {"a": template(A=("SNS::Topic", {}))}))
    new = read(write_assembly(tmp_path / "after", {"b": template(A=("SNS::Topic", {}))}))
    told = as_markdown(changes_section(old, new))
    assert "No stack has the same name in both assemblies" in told
    assert "**1** added" in told
    assert "**1** removed" in told
