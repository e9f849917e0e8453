"""Reads a cloud assembly (cdk.out): its stacks in deploy order, and the files they need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penstock.assembly.errors import AssemblyError
from penstock.assembly.manifest import STACK, artifacts, environment, read_json
from penstock.localcloud.cloudformation.graph import creation_order
from penstock.localcloud.cloudformation.template import Template
from penstock.localcloud.errors import LocalCloudError


@dataclass(frozen=True)
class Destination:
    """Where a file asset goes; names may hold ${AWS::AccountId} and the like."""

    bucket: str
    key: str


@dataclass(frozen=True)
class FileAsset:
    """A file, or a folder that is zipped, with its places in S3."""

    id: str
    path: Path
    zipped: bool
    destinations: tuple[Destination, ...]


@dataclass(frozen=True)
class AssemblyStack:
    """One stack. `account_id` and `region` are None when the stack is bound to none.

    `template_url` is the template's own asset (s3://...), None in assemblies without one;
    `execution_role_arn` is the role that CloudFormation acts as. Both may hold placeholders.
    """

    artifact_id: str
    name: str
    template: Template
    account_id: str | None
    region: str | None
    parameters: dict[str, str]
    tags: dict[str, str]
    assets: tuple[FileAsset, ...]
    template_url: str | None
    execution_role_arn: str | None
    bootstrap_parameter: str | None
    termination_protection: bool


@dataclass(frozen=True)
class Assembly:
    """A cloud assembly; `stacks` come in an order in which they can be deployed."""

    directory: Path
    stacks: tuple[AssemblyStack, ...]

    @property
    def account_id(self) -> str | None:
        """The one account that stacks are bound to, None when they are bound to none."""
        return self._one("account", {stack.account_id for stack in self.stacks})

    @property
    def region(self) -> str | None:
        """The one region that stacks are bound to, None when they are bound to none."""
        return self._one("region", {stack.region for stack in self.stacks})

    def _one(self, what: str, values: set[str | None]) -> str | None:
        named = sorted(value for value in values if value is not None)
        if len(named) > 1:
            raise LocalCloudError(
                f"{self.directory}: its stacks are for the {what}s {', '.join(named)}; "
                f"the local cloud is one {what}: choose fewer stacks with CDK's context"
            )
        return named[0] if named else None


def read_assembly(directory: Path | str) -> Assembly:
    """Read the assembly in `directory` with the nested ones of its Stages.

    Raises LocalCloudError when it is none, or holds what cannot be deployed here.
    """
    root = Path(directory)
    try:
        stacks, needs = _stacks(root)
    except AssemblyError as error:
        raise LocalCloudError(str(error)) from None
    if not stacks:
        raise LocalCloudError(f"{root}: the cloud assembly holds no stack")
    names: dict[str, str] = {}
    for artifact_id, stack in stacks.items():
        if stack.name in names:
            raise LocalCloudError(
                f"{root}: {names[stack.name]} and {artifact_id} have the same name {stack.name}"
            )
        names[stack.name] = artifact_id
    return Assembly(root, tuple(stacks[name] for name in creation_order(needs)))


def _stacks(root: Path) -> tuple[dict[str, AssemblyStack], dict[str, set[str]]]:
    """Every stack by its artifact, and which others it needs."""
    found = dict(artifacts(root))
    stacks: dict[str, AssemblyStack] = {}
    needs: dict[str, set[str]] = {}
    for artifact_id, (folder, artifact) in found.items():
        if artifact["type"] == STACK:
            stacks[artifact_id] = _stack(artifact_id, folder, artifact, _assets_of(artifact, found))
            needs[artifact_id] = {
                name
                for name in artifact.get("dependencies", [])
                if found.get(name, (folder, {"type": ""}))[1]["type"] == STACK
            }
    return stacks, needs


def _stack(
    artifact_id: str, folder: Path, artifact: dict[str, Any], assets: tuple[FileAsset, ...]
) -> AssemblyStack:
    properties = artifact["properties"]
    account, region = environment(artifact_id, artifact)
    path = folder / properties["templateFile"]
    try:
        template = Template.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LocalCloudError(f"{path}: the template cannot be read: {error.strerror}") from None
    except LocalCloudError as error:
        raise LocalCloudError(f"{path}: {error}") from None
    if properties.get("notificationArns"):
        raise LocalCloudError(
            f"stack {artifact_id}: notification ARNs are not supported by the local cloud"
        )
    return AssemblyStack(
        artifact_id=artifact_id,
        name=properties.get("stackName", artifact_id),
        template=template,
        account_id=account,
        region=region,
        parameters={key: str(value) for key, value in properties.get("parameters", {}).items()},
        tags=dict(properties.get("tags", {})),
        assets=assets,
        template_url=properties.get("stackTemplateAssetObjectUrl"),
        execution_role_arn=properties.get("cloudFormationExecutionRoleArn"),
        bootstrap_parameter=properties.get("bootstrapStackVersionSsmParameter"),
        termination_protection=bool(properties.get("terminationProtection", False)),
    )


def _assets_of(
    artifact: dict[str, Any], artifacts: dict[str, tuple[Path, dict[str, Any]]]
) -> tuple[FileAsset, ...]:
    found: list[FileAsset] = []
    for name in artifact.get("dependencies", []):
        folder, other = artifacts.get(name, (Path(), {"type": ""}))
        if other["type"] == "cdk:asset-manifest":
            found.extend(_file_assets(folder / other["properties"]["file"]))
    return tuple(found)


def _file_assets(path: Path) -> Iterator[FileAsset]:
    manifest = read_json(path, f"{path}: the asset manifest cannot be read")
    images = manifest.get("dockerImages") or {}
    if images:
        raise LocalCloudError(
            f"{path}: container image assets cannot be built here ({', '.join(sorted(images))}); "
            "use an image by its URI"
        )
    for asset_id, asset in (manifest.get("files") or {}).items():
        source = asset["source"]
        if "path" not in source:
            raise LocalCloudError(
                f"{path}: asset {asset_id} is made by a command, which is not run here"
            )
        packaging = source.get("packaging", "file")
        if packaging not in ("file", "zip"):
            raise LocalCloudError(f"{path}: asset {asset_id} has the packaging {packaging!r}")
        yield FileAsset(
            id=asset_id,
            path=path.parent / source["path"],
            zipped=packaging == "zip",
            destinations=tuple(
                Destination(to["bucketName"], to["objectKey"])
                for to in asset["destinations"].values()
            ),
        )
