"""Reads Model Monitor's files with the SageMaker SDK's own classes, and says what it read.

    python read_monitor_files.py sagemaker.model_monitor FOLDER S3_PREFIX FEATURE

Runs in the SDK's environment. It switches the checks of FEATURE off and saves the constraints below
the prefix, whose other files it reads from there.
"""

import importlib
import json
import sys


def main() -> None:
    """Print one JSON object: the bodies as the SDK has them, by file and by address."""
    package, folder, prefix, feature = sys.argv[1:]
    files = importlib.import_module(f"{package}.monitoring_files")
    # named, for SDK 2 asks for the account behind its own bucket's name on sts.<region> itself
    session = files.Session(default_bucket=prefix.split("/")[2])
    read = {}
    for name, reader in {
        "statistics.json": files.Statistics,
        "constraints.json": files.Constraints,
        "constraint_violations.json": files.ConstraintViolations,
    }.items():
        local = reader.from_file_path(f"{folder}/{name}", sagemaker_session=session)
        stored = reader.from_s3_uri(f"{prefix}{name}", sagemaker_session=session)
        read[name] = [local.body_dict, stored.body_dict]
    constraints = files.Constraints.from_s3_uri(
        f"{prefix}constraints.json", sagemaker_session=session
    )
    constraints.session = session
    constraints.set_monitoring(False, feature)
    read["saved"] = constraints.save(f"{prefix}edited/constraints.json")
    json.dump(read, sys.stdout)


if __name__ == "__main__":
    main()
