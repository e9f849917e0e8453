"""The manifest of a cloud assembly with the nested ones of its Stages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from penstock.assembly.errors import AssemblyError

# The schema that aws-cdk-lib 2.275.0 writes (its manifest.json says 55.0.0); a newer major
# version may mean something else by the same words.
NEWEST_SCHEMA = 55
STACK = "aws:cloudformation:stack"
_UNKNOWN_ACCOUNT = "unknown-account"
_UNKNOWN_REGION = "unknown-region"


def artifacts(folder: Path) -> Iterator[tuple[str, tuple[Path, dict[str, Any]]]]:
    """Every artifact's name with the folder that its files are in and what the manifest says.

    Raises AssemblyError if the folder is no cloud assembly or one of a newer schema.
    """
    manifest = read_json(folder / "manifest.json", f"{folder} is not a cloud assembly")
    version = str(manifest.get("version", ""))
    major = version.split(".", 1)[0]
    if not major.isdigit() or not isinstance(manifest.get("artifacts"), dict | None):
        raise AssemblyError(f"{folder} is not a cloud assembly: its manifest has no version")
    if int(major) > NEWEST_SCHEMA:
        raise AssemblyError(
            f"{folder}: the cloud assembly's schema {version} is newer than {NEWEST_SCHEMA}, "
            "which this version of penstock reads: use aws-cdk-lib 2.275.0"
        )
    for artifact_id, artifact in (manifest.get("artifacts") or {}).items():
        if artifact["type"] == "cdk:cloud-assembly":
            yield from artifacts(folder / artifact["properties"]["directoryName"])
        else:
            yield artifact_id, (folder, artifact)


def environment(artifact_id: str, artifact: dict[str, Any]) -> tuple[str | None, str | None]:
    """Account and region of a stack, each None where it is bound to none.

    Raises AssemblyError if the manifest has something else in their place.
    """
    written = str(artifact.get("environment", ""))
    parts = written.removeprefix("aws://").split("/")
    if not written.startswith("aws://") or len(parts) != 2:
        raise AssemblyError(f"stack {artifact_id}: {written!r} is not an environment")
    account, region = parts
    return (
        None if account == _UNKNOWN_ACCOUNT else account,
        None if region == _UNKNOWN_REGION else region,
    )


def read_json(path: Path, otherwise: str) -> dict[str, Any]:
    """A JSON object; AssemblyError begins with `otherwise` if the file is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AssemblyError(f"{otherwise}: {path.name}: {error.strerror}") from None
    except ValueError:
        raise AssemblyError(f"{otherwise}: {path.name} is not JSON") from None
    if not isinstance(content, dict):
        raise AssemblyError(f"{otherwise}: {path.name} is not a JSON object")
    return content
