"""Writes every URI that the SageMaker SDK 2 resolves for the framework images that are named.

The first argument is the file that is written. Any other is
`<SDK's name>=<version>,<base framework>,<scope>,<instance type>`.
"""

import functools
import json
import os
import sys
from pathlib import Path

os.environ["SAGEMAKER_SUPPRESS_V2_WARNING"] = "1"

import sagemaker
from sagemaker import image_uris, utils

# it reads botocore's endpoints anew for each URI: a minute instead of seconds
utils._botocore_resolver = functools.cache(utils._botocore_resolver)


def main() -> None:
    """One JSON object: the SDK's version, and by argument the URI in each region."""
    uris = {}
    for argument in sys.argv[2:]:
        name, _, rest = argument.partition("=")
        version, base, scope, instance_type = rest.split(",")
        config = image_uris._config_for_framework_and_scope(name, scope, None)
        uris[argument] = {
            region: image_uris.retrieve(
                name,
                region,
                version=version,
                base_framework_version=base,
                image_scope=scope,
                instance_type=instance_type,
            )
            for region in sorted(config["versions"][version][base]["registries"])
        }
    found = {"sagemaker": sagemaker.__version__, "uris": uris}
    Path(sys.argv[1]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
