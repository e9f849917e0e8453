"""Deploying a cloud assembly: bootstrap, assets, stacks in order, redeploy, and what is refused."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.assembly import read_assembly
from penstock.localcloud.deploy import deploy
from penstock.localcloud.errors import LocalCloudError
from tests.offline.cloudformation_lab import CloudFormationLab

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("cloudformation")]

BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
EXECUTION_ROLE = (
    "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/"
    "cdk-hnb659fds-cfn-exec-role-${AWS::AccountId}-${AWS::Region}"
)
BOOTSTRAP = {
    "Parameters": {
        "BootstrapVersion": {
            "Type": "AWS::SSM::Parameter::Value<String>",
            "Default": "/cdk-bootstrap/hnb659fds/version",
        }
    }
}
LAKE = {
    **BOOTSTRAP,
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
    "Outputs": {
        "QueueUrl": {"Value": {"Ref": "Queue"}},
        "Export": {
            "Value": {"Fn::GetAtt": ["Queue", "Arn"]},
            "Export": {"Name": "lake:arn"},
        },
    },
}
SERVING = {
    **BOOTSTRAP,
    "Resources": {
        "Meta": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2"}},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17"}},
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"S3Bucket": {"Fn::Sub": BUCKET}, "S3Key": "code.zip"},
                "Handler": "handler.handler",
                "Runtime": "python3.13",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Environment": {"Variables": {"QUEUE": {"Fn::ImportValue": "lake:arn"}}},
            },
        },
    },
}


@pytest.fixture
def lab(stacks_lab: CloudFormationLab) -> CloudFormationLab:
    return stacks_lab


def write(
    folder: Path, *, environment: str = "aws://unknown-account/unknown-region", **stacks: Any
) -> Path:
    """An assembly as the CDK writes it; each stack depends on those before it."""
    artifacts: dict[str, Any] = {}
    code = folder / "asset.code"
    code.mkdir(exist_ok=True)
    (code / "handler.py").write_text("def handler(event, context):\n    return event\n")
    for name, template in stacks.items():
        (folder / f"{name}.template.json").write_text(json.dumps(template))
        files = {
            "code": asset("asset.code", "zip", "code.zip"),
            "template": asset(f"{name}.template.json", "file", f"{name}.json"),
        }
        (folder / f"{name}.assets.json").write_text(json.dumps({"files": files}))
        before = [key for key in artifacts if not key.endswith(".assets")]
        artifacts[f"{name}.assets"] = {
            "type": "cdk:asset-manifest",
            "properties": {"file": f"{name}.assets.json"},
        }
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": environment,
            "dependencies": [*before, f"{name}.assets"],
            "properties": {
                "templateFile": f"{name}.template.json",
                "tags": {"team": "ml"},
                "cloudFormationExecutionRoleArn": EXECUTION_ROLE,
                "stackTemplateAssetObjectUrl": f"s3://{BUCKET}/{name}.json",
                "bootstrapStackVersionSsmParameter": "/cdk-bootstrap/hnb659fds/version",
            },
        }
    (folder / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": artifacts}))
    return folder


def asset(path: str, packaging: str, key: str) -> dict[str, Any]:
    return {
        "source": {"path": path, "packaging": packaging},
        "destinations": {"here": {"bucketName": BUCKET, "objectKey": key}},
    }


def test_deploy_and_redeploy(lab: CloudFormationLab, tmp_path: Path) -> None:
    context = lab.cloud.context
    assembly = read_assembly(write(tmp_path, lake=LAKE, serving=SERVING))
    said: list[tuple[str, str]] = []
    outputs = deploy(assembly, context, on_progress=lambda *what: said.append(what))
    assert said == [
        ("lake", "started"),
        ("lake", "deployed"),
        ("serving", "started"),
        ("serving", "deployed"),
    ]
    ids = lab.physical("lake") | lab.physical("serving")
    assert outputs["lake"]["QueueUrl"] == ids["Queue"]
    function = lab.cloud.client("lambda").get_function_configuration(FunctionName=ids["Function"])
    assert function["Environment"]["Variables"]["QUEUE"] == outputs["lake"]["Export"]
    stack = lab.api.describe_stacks(StackName="lake")["Stacks"][0]
    assert stack["RoleARN"].endswith("role/cdk-hnb659fds-cfn-exec-role-123456789012-us-east-1")
    assert stack["Tags"] == [{"Key": "team", "Value": "ml"}]
    bucket = "cdk-hnb659fds-assets-123456789012-us-east-1"
    body = lab.cloud.client("s3").get_object(Bucket=bucket, Key="code.zip")["Body"].read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.namelist() == ["handler.py"]
    recorded = {entry.resource for entry in context.ledger.entries()}
    assert recorded == {"lake/Queue", "serving/Role", "serving/Function"}

    # a second deploy of the same assembly leaves everything as it is
    assert deploy(assembly, context) == outputs
    assert lab.physical("lake") | lab.physical("serving") == ids
    assert lab.history("lake").count("lake UPDATE_IN_PROGRESS") == 0


def test_changed_template_updates_the_running_cloud(lab: CloudFormationLab, tmp_path: Path) -> None:
    deploy(read_assembly(write(tmp_path, lake=LAKE)), lab.cloud.context)
    changed = json.loads(json.dumps(LAKE))
    changed["Resources"]["Queue"]["Properties"] = {"VisibilityTimeout": 77}
    folder = write(tmp_path, lake=changed)
    manifest = (folder / "lake.assets.json").read_text()
    # the CDK names assets by their content
    (folder / "lake.assets.json").write_text(manifest.replace("lake.json", "lake2.json"))
    whole = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(whole.replace("lake.json", "lake2.json"))
    outputs = deploy(read_assembly(folder), lab.cloud.context)
    attributes = lab.cloud.client("sqs").get_queue_attributes(
        QueueUrl=outputs["lake"]["QueueUrl"], AttributeNames=["All"]
    )["Attributes"]
    assert attributes["VisibilityTimeout"] == "77"


def test_unknown_types_are_named_before_anything_is_created(
    lab: CloudFormationLab, tmp_path: Path
) -> None:
    strange = {"Resources": {"Rover": {"Type": "AWS::Mars::Rover"}}}
    assembly = read_assembly(write(tmp_path, lake=LAKE, strange=strange))
    with pytest.raises(LocalCloudError, match=r"AWS::Mars::Rover \(strange/Rover\)") as refused:
        deploy(assembly, lab.cloud.context)
    assert "\n" not in str(refused.value)
    assert lab.api.describe_stacks()["Stacks"] == []
    assert lab.cloud.client("s3").list_buckets()["Buckets"] == []


def test_what_the_schemas_refuse_is_named_before_anything_is_created(
    lab: CloudFormationLab, tmp_path: Path
) -> None:
    wrong = {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"Colour": "red"}}}}
    reads = {
        "Resources": {"T": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"Url": {"Value": {"Fn::GetAtt": ["T", "Url"]}}},
    }
    assembly = read_assembly(write(tmp_path, lake=LAKE, wrong=wrong, reads=reads))
    with pytest.raises(LocalCloudError) as refused:
        deploy(assembly, lab.cloud.context)
    first, second = str(refused.value).splitlines()
    assert first.startswith("wrong/Q.Colour: there is no such property; allowed: ")
    assert second.startswith("reads/Outputs.Url: T (AWS::SNS::Topic) has no attribute Url; ")
    assert lab.api.describe_stacks()["Stacks"] == []
    assert lab.cloud.client("s3").list_buckets()["Buckets"] == []


def test_failing_stack_names_resource_and_reason_and_can_be_deployed_again(
    lab: CloudFormationLab, tmp_path: Path
) -> None:
    broken = {
        **BOOTSTRAP,
        "Resources": {
            "Alias": {
                "Type": "AWS::KMS::Alias",
                "Properties": {"AliasName": "alias/lost", "TargetKeyId": "nothing"},
            }
        },
    }
    with pytest.raises(LocalCloudError) as failed:
        deploy(read_assembly(write(tmp_path, broken=broken)), lab.cloud.context)
    said = str(failed.value)
    assert said.startswith("stack broken is ROLLBACK_COMPLETE: Alias (AWS::KMS::Alias): ")
    assert "\n" not in said
    (tmp_path / "mended").mkdir()
    mended = write(tmp_path / "mended", broken=LAKE)
    lab.cloud.client("s3").delete_object(
        Bucket="cdk-hnb659fds-assets-123456789012-us-east-1", Key="broken.json"
    )
    assert "QueueUrl" in deploy(read_assembly(mended), lab.cloud.context)["broken"]


def test_stack_for_another_account_is_refused(lab: CloudFormationLab, tmp_path: Path) -> None:
    folder = write(tmp_path, environment="aws://999999999999/us-east-1", lake=LAKE)
    with pytest.raises(LocalCloudError, match=r"account 999999999999.*123456789012"):
        deploy(read_assembly(folder), lab.cloud.context)


def test_missing_asset_is_named(lab: CloudFormationLab, tmp_path: Path) -> None:
    folder = write(tmp_path, lake=LAKE)
    (folder / "asset.code" / "handler.py").unlink()
    (folder / "asset.code").rmdir()
    with pytest.raises(LocalCloudError, match=r"asset\.code is not a folder"):
        deploy(read_assembly(folder), lab.cloud.context)
