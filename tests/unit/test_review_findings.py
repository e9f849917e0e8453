"""Findings: what the synth's rules said, and the reasons for which it was left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from penstock.review.as_markdown import as_markdown
from penstock.review.assembly import read
from penstock.review.findings import findings, findings_of, reasons
from penstock.review.values import Values
from tests.assemblies import arn, template, write_assembly

BUCKET = template(B=("S3::Bucket", {}))


def violation(rule: str, *places: str, **more: Any) -> dict[str, Any]:
    return {
        "ruleName": rule,
        "description": f"what {rule} says",
        "severity": "error",
        "violatingConstructs": [{"constructPath": place} for place in places],
        **more,
    }


def test_open_findings_come_before_acknowledged_ones_with_their_reasons(tmp_path: Path) -> None:
    left = violation("S1", "a/One/Resource", "a/Two/Resource", reason="they are logs")
    report = {
        "pluginReports": [
            {"pluginName": "Rules", "violations": [], "suppressedViolations": [left]},
            {"pluginName": "More", "violations": [violation("IAM5", "a/Role/Resource")]},
        ]
    }
    assembly = read(write_assembly(tmp_path, {"a": BUCKET}, validation=report))
    found = [
        (each.rule, each.place, each.reason) for each in findings_of(assembly, Values(assembly))
    ]
    assert found == [
        ("IAM5", "a/Role", None),
        ("S1", "a/One", "they are logs"),
        ("S1", "a/Two", "they are logs"),
    ]
    told = as_markdown(findings(assembly, Values(assembly)))
    assert "1 open finding, 2 acknowledged. Checked by Rules, More." in told
    assert "| `S1` | what S1 says | they are logs | a/One<br>a/Two |" in told


def test_warnings_of_constructs_are_open_until_they_are_acknowledged(tmp_path: Path) -> None:
    entries = {
        "/a/Open": [{"type": "aws:cdk:warning", "data": "wrote /tmp/cdk.outX1/file: look there"}],
        "/a/Left": [
            {
                "type": "aws:cdk:acknowledged-rules",
                "data": {"Annotation::lib:warn": "known", "AwsSolutions::S1": "in the report"},
            }
        ],
    }
    assembly = read(write_assembly(tmp_path, {"a": BUCKET}, metadata={"a": entries}))
    assert [
        (each.rule, each.says, each.reason) for each in findings_of(assembly, Values(assembly))
    ] == [
        ("CDK", "wrote (a temporary file) look there", None),
        ("lib:warn", "a warning of CDK itself", "known"),
    ]


def test_what_cdk_nag_2_left_in_the_templates_is_read(tmp_path: Path) -> None:
    one = template(B=("S3::Bucket", {}))
    one["Resources"]["B"]["Metadata"] = {
        "cdk_nag": {"rules_to_suppress": [{"id": "AwsSolutions-S1", "reason": "a test"}]}
    }
    nagged = read(write_assembly(tmp_path, {"a": one}))
    (finding,) = findings_of(nagged, Values(nagged))
    assert (finding.rule, finding.place, finding.reason) == ("AwsSolutions-S1", "B", "a test")


def test_without_a_report_nobody_claims_that_rules_were_run(tmp_path: Path) -> None:
    quiet = read(write_assembly(tmp_path, {"a": BUCKET}))
    told = as_markdown(findings(quiet, Values(quiet)))
    assert "The assembly has no validation report" in told


def test_a_reason_for_a_pattern_is_found_in_the_words_of_the_review(tmp_path: Path) -> None:
    store = template(Lake=("S3::Bucket", {}))
    store["Outputs"] = {"O": {"Value": arn("Lake"), "Export": {"Name": "x-store:Lake"}}}
    use = template(Worker=("IAM::Role", {}), Queue=("SQS::Queue", {}))
    rules = {
        "AwsSolutions-IAM5[Resource::x-store:Lake/in/*]": "objects below",
        "AwsSolutions-IAM5[Resource::<Queue.Arn>*]": "one queue",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:sns:eu-west-1:<AWS::AccountId>:*]": "all",
        "AwsSolutions-S1": "about no pattern",
    }
    left = [violation(rule, "x-use/Worker/Resource", reason=why) for rule, why in rules.items()]
    left.append(violation("AwsSolutions-IAM5[Resource::*]", "x-use/Other", reason="another role"))
    report = {"pluginReports": [{"pluginName": "Nag", "suppressedViolations": left}]}
    assembly = read(write_assembly(tmp_path, {"x-store": store, "x-use": use}, validation=report))
    found = findings_of(assembly, Values(assembly))
    assert reasons(found, "x-use/Worker") == {
        "store/Lake/in/*": "objects below",
        "use/Queue*": "one queue",
        "arn:aws:sns:eu-west-1:{account}:*": "all",
    }
