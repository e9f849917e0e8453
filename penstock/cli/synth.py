"""Synthesizes the CDK app of the current folder into a cloud assembly."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from penstock.cli.errors import UsageError
from penstock.cli.workplace import workplace
from penstock.localcloud import leash

_WARNING = "warning: "  # app.py begins a warning with it


def synthesize(
    *,
    out: Path,
    pipeline: str | None,
    environment: str | None,
    validate: bool,
    accelerator: str | None = None,
) -> None:
    """Run app.py as `cdk synth` would; its warnings go to stderr.

    Args:
        out: where the cloud assembly goes.
        pipeline: only this one; None for all.
        environment: only this one; None for the app's default.
        validate: with CDK's own CloudFormation validator (seconds slower, same templates).
        accelerator: of those that the pipeline offers; None for its own choice.

    Raises:
        UsageError: there is no app here, or it refused.
    """
    app = Path("app.py")
    if not app.is_file() or not Path("cdk.json").is_file():
        raise UsageError("no app.py and cdk.json in this folder: run penstock in the project's")
    context = json.loads(Path("cdk.json").read_text(encoding="utf-8")).get("context", {})
    if pipeline:
        context["pipeline"] = pipeline
    if environment:
        context["environment"] = environment
    if accelerator:
        context["accelerator"] = accelerator
    with workplace() as place:
        variables = {
            **os.environ,
            "CDK_OUTDIR": str(out),
            "CDK_CONTEXT_JSON": json.dumps(context),
            "CDK_VALIDATION": "true" if validate else "false",
            "TMPDIR": str(place),  # Node's part of the CDK is unpacked there
        }
        done = leash.run([sys.executable, app], environment=variables)
    if done.returncode == 2:
        raise UsageError(done.stderr.strip().splitlines()[-1])
    if done.returncode != 0:
        # a program error or a nag finding: people need all of it
        sys.stderr.write(done.stdout + done.stderr)
        raise UsageError("synth failed, see above")
    for line in done.stderr.splitlines():
        if line.startswith(_WARNING):
            sys.stderr.write(f"{line}\n")
