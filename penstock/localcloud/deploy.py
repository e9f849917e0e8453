"""Deploys a cloud assembly into the local cloud: bootstrap, assets, then each stack in order."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from penstock.localcloud.assembly import Assembly, AssemblyStack, FileAsset
from penstock.localcloud.cloudformation.registry import known_types, unknown_types
from penstock.localcloud.context import CloudContext
from penstock.localcloud.errors import LocalCloudError
from penstock.localcloud.schema.check import violations

# What `cdk bootstrap` of aws-cdk 2.1148.1 leaves in /cdk-bootstrap/<qualifier>/version.
BOOTSTRAP_VERSION = "30"
_BOOTSTRAP_ROLE = re.compile(
    r"cdk-[a-z0-9]+-(?:cfn-exec|deploy|file-publishing|image-publishing|lookup)-role-"
    r"[0-9A-Za-z${}:.-]+"
)
_POLL_SECONDS = 0.05

Progress = Callable[[str, str], None]
Outputs = dict[str, dict[str, str]]


def deploy(
    assembly: Assembly, context: CloudContext, *, on_progress: Progress | None = None
) -> Outputs:
    """Create or update every stack; returns each stack's outputs by stack name.

    `on_progress(stack, status)` is called before and after each stack. Raises LocalCloudError
    for resource types that the local cloud does not know and for what CloudFormation's own
    schemas do not allow (a line each, before anything is created), and for a stack that fails,
    with the resource and the reason.
    """
    say = on_progress or _silent
    _refuse_elsewhere(assembly, context)
    _refuse_unknown_types(assembly)
    _refuse_by_schema(assembly, context.region)
    place = _Placeholders(context)
    _bootstrap(assembly, context, place)
    for stack in assembly.stacks:
        for asset in stack.assets:
            _publish(asset, context, place)
    outputs: Outputs = {}
    for stack in assembly.stacks:
        say(stack.name, "started")
        outputs[stack.name] = _deploy_stack(stack, context, place)
        say(stack.name, "deployed")
    return outputs


def _silent(stack: str, status: str) -> None:
    """Nobody wants to know."""
    del stack, status


class _Placeholders:
    """Fills in what an environment-agnostic assembly leaves open."""

    def __init__(self, context: CloudContext) -> None:
        self._values = {
            "${AWS::AccountId}": context.account_id,
            "${AWS::Partition}": "aws",
            "${AWS::Region}": context.region,
            "${AWS::URLSuffix}": "amazonaws.com",
        }

    def fill(self, text: str) -> str:
        for placeholder, value in self._values.items():
            text = text.replace(placeholder, value)
        return text


def _refuse_elsewhere(assembly: Assembly, context: CloudContext) -> None:
    for stack in assembly.stacks:
        for what, wanted, here in (
            ("account", stack.account_id, context.account_id),
            ("region", stack.region, context.region),
        ):
            if wanted is not None and wanted != here:
                raise LocalCloudError(
                    f"stack {stack.name} is for the {what} {wanted}, this local cloud is {here}: "
                    f"open one for {wanted}"
                )


def _refuse_unknown_types(assembly: Assembly) -> None:
    unknown: dict[str, list[str]] = {}
    for stack in assembly.stacks:
        for type_, logical_ids in unknown_types(stack.template).items():
            unknown.setdefault(type_, []).extend(f"{stack.name}/{name}" for name in logical_ids)
    if unknown:
        listed = "; ".join(
            f"{type_} ({', '.join(where)})" for type_, where in sorted(unknown.items())
        )
        raise LocalCloudError(
            f"the local cloud does not know these resource types: {listed}; "
            f"it knows {', '.join(sorted(known_types()))}"
        )


def _refuse_by_schema(assembly: Assembly, region: str) -> None:
    lines = [
        line for stack in assembly.stacks for line in violations(stack.template, stack.name, region)
    ]
    if lines:
        raise LocalCloudError("\n".join(lines))


def _bootstrap(assembly: Assembly, context: CloudContext, place: _Placeholders) -> None:
    """What `cdk bootstrap` makes in an account, as far as this assembly uses it."""
    ssm, s3, iam = (context.clients.deployer(name) for name in ("ssm", "s3", "iam"))
    for parameter in sorted({s.bootstrap_parameter or "" for s in assembly.stacks} - {""}):
        ssm.put_parameter(Name=parameter, Value=BOOTSTRAP_VERSION, Type="String", Overwrite=True)
    buckets = {
        place.fill(destination.bucket)
        for stack in assembly.stacks
        for asset in stack.assets
        for destination in asset.destinations
    }
    existing = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    elsewhere = (
        {}
        if context.region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": context.region}}
    )
    for bucket in sorted(buckets - existing):
        s3.create_bucket(Bucket=bucket, **elsewhere)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    roles = {
        role
        for stack in assembly.stacks
        for text in (stack.template.body, stack.execution_role_arn or "")
        for role in _BOOTSTRAP_ROLE.findall(place.fill(text))
    }
    known = {role["RoleName"] for role in iam.list_roles()["Roles"]}
    for role in sorted(roles - known):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=_TRUST)
        iam.put_role_policy(RoleName=role, PolicyName="default", PolicyDocument=_EVERYTHING)


# cdk bootstrap's default: the execution role may do everything (AdministratorAccess)
_EVERYTHING = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
)
_TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"Service": "cloudformation.amazonaws.com"}}]}'
)


def _publish(asset: FileAsset, context: CloudContext, place: _Placeholders) -> None:
    s3 = context.clients.deployer("s3")
    for destination in asset.destinations:
        bucket, key = place.fill(destination.bucket), place.fill(destination.key)
        try:
            # keys hold the content's hash: what is there already is the same
            s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
                raise
            s3.put_object(Bucket=bucket, Key=key, Body=_content(asset))


def _content(asset: FileAsset) -> bytes:
    try:
        return zip_folder(asset.path) if asset.zipped else asset.path.read_bytes()
    except OSError as error:
        raise LocalCloudError(
            f"asset {asset.id}: {asset.path} cannot be read: {error.strerror}"
        ) from None


def zip_folder(folder: Path) -> bytes:
    """A zip of a folder's files, the same bytes each time: sorted, with a fixed date."""
    if not folder.is_dir():
        raise LocalCloudError(f"{folder} is not a folder")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = (path.stat().st_mode & 0o777) << 16
                archive.writestr(entry, path.read_bytes())
    return content.getvalue()


def _deploy_stack(
    stack: AssemblyStack, context: CloudContext, place: _Placeholders
) -> dict[str, str]:
    cloudformation = context.clients.deployer("cloudformation")
    request: dict[str, Any] = {
        "StackName": stack.name,
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
        **_template(stack, place),
    }
    if stack.execution_role_arn:
        request["RoleARN"] = place.fill(stack.execution_role_arn)
    existing = _describe(cloudformation, stack.name)
    if existing is not None and existing["StackStatus"] == "ROLLBACK_COMPLETE":
        # nothing is left in such a stack; CloudFormation only lets one delete it
        cloudformation.delete_stack(StackName=stack.name)
        _wait(cloudformation, existing["StackId"])
        existing = None
    request["Parameters"] = _parameters(stack, existing)
    try:
        if existing is None:
            answer = cloudformation.create_stack(
                **request, EnableTerminationProtection=stack.termination_protection
            )
        else:
            answer = cloudformation.update_stack(**request)
    except ClientError as error:
        message = error.response["Error"]["Message"]
        if "No updates are to be performed" in message and existing is not None:
            return _outputs(existing)
        raise LocalCloudError(f"stack {stack.name}: {message}") from None
    done = _wait(cloudformation, answer["StackId"])
    if done["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise LocalCloudError(_failure(cloudformation, done))
    return _outputs(done)


def _template(stack: AssemblyStack, place: _Placeholders) -> dict[str, str]:
    if stack.template_url is None:
        return {"TemplateBody": stack.template.body}
    match = re.fullmatch(r"s3://([^/]+)/(.+)", place.fill(stack.template_url))
    if match is None:
        raise LocalCloudError(
            f"stack {stack.name}: {stack.template_url!r} is not an s3:// address of a template"
        )
    return {"TemplateURL": f"https://s3.amazonaws.com/{match[1]}/{match[2]}"}


def _parameters(stack: AssemblyStack, existing: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The assembly's own values; all others keep what they have, as the CDK CLI does it."""
    known = {p["ParameterKey"] for p in existing.get("Parameters", [])} if existing else set()
    parameters: list[dict[str, Any]] = []
    for name in stack.template.section("Parameters"):
        if name in stack.parameters:
            parameters.append({"ParameterKey": name, "ParameterValue": stack.parameters[name]})
        elif name in known:
            parameters.append({"ParameterKey": name, "UsePreviousValue": True})
    return parameters


def _describe(cloudformation: Any, name: str) -> dict[str, Any] | None:
    try:
        answer = cloudformation.describe_stacks(StackName=name)
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    stack: dict[str, Any] = answer["Stacks"][0]
    return stack


def _wait(cloudformation: Any, stack_id: str) -> dict[str, Any]:
    while True:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        time.sleep(_POLL_SECONDS)  # the engine's thread works in real time


def _outputs(stack: Mapping[str, Any]) -> dict[str, str]:
    return {o["OutputKey"]: str(o["OutputValue"]) for o in stack.get("Outputs", [])}


def _failure(cloudformation: Any, stack: Mapping[str, Any]) -> str:
    """One line with the first resource that failed and why."""
    events = cloudformation.describe_stack_events(StackName=stack["StackId"])["StackEvents"]
    begun = next(
        n for n, event in enumerate(events) if event.get("ResourceStatusReason") == "User Initiated"
    )
    failed = [e for e in events[:begun] if e["ResourceStatus"].endswith("_FAILED")]
    where = f"stack {stack['StackName']} is {stack['StackStatus']}"
    for event in reversed(failed):
        if event["LogicalResourceId"] != stack["StackName"]:
            return (
                f"{where}: {event['LogicalResourceId']} ({event['ResourceType']}): "
                f"{event.get('ResourceStatusReason', '')}"
            )
    return f"{where}: {stack.get('StackStatusReason', '')}"
