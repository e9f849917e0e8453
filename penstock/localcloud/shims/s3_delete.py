"""DeleteObjects: what the caller may not delete is told as errors, the rest is deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xmltodict
from moto.core.responses import ActionResult
from moto.s3.responses import S3Response

from penstock.localcloud.shims.patches import Patches

# in the WSGI environment: place in the list of objects -> why it may not be deleted
REFUSED = "penstock.refused_objects"


def install(patches: Patches) -> None:
    """Take the objects that were refused out of the list, and add an error for each to the answer.

    Source: S3 API reference, DeleteObjects: 200 with the result for each key. How S3 words the
    message of a refusal there is unconfirmed; it is the one of DeleteObject.
    """

    def delete_keys(self: Any, bucket_name: str, *more: Any, **named: Any) -> Any:
        refused: Mapping[int, str] = self.normalized_request.environ[REFUSED]
        if not refused:
            return stock(self, bucket_name, *more, **named)
        document = xmltodict.parse(self.body, strip_whitespace=False)
        listed = document["Delete"]["Object"]
        objects = listed if isinstance(listed, list) else [listed]
        errors = [_error(objects[place], why) for place, why in refused.items()]
        kept = [one for place, one in enumerate(objects) if place not in refused]
        if not kept:
            self.backend.get_bucket(bucket_name)  # NoSuchBucket comes first
            self.data["Action"] = "DeleteObjects"
            return self.serialized(ActionResult({"Deleted": [], "Errors": errors}))
        document["Delete"]["Object"] = kept
        self.body = xmltodict.unparse(document)
        serialized = self.serialized

        def with_errors(answer: Any) -> Any:
            result = answer.result
            return serialized(ActionResult({**result, "Errors": [*result["Errors"], *errors]}))

        self.serialized = with_errors
        return stock(self, bucket_name, *more, **named)

    stock = patches.replace(S3Response, "_bucket_response_delete_keys", delete_keys)


def _error(listed: Mapping[str, str], why: str) -> dict[str, str | None]:
    return {
        "Key": listed["Key"],
        "VersionId": listed.get("VersionId"),
        "Code": "AccessDenied",
        "Message": why,
    }
