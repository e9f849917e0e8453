"""S3: settings of buckets that moto takes and does not show again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

from penstock.localcloud.shims.patches import Patches

_SIZES = ("ObjectSizeGreaterThan", "ObjectSizeLessThan")


def install_settings(patches: Patches) -> None:
    """EventBridge in a bucket's notifications, and parts of its lifecycle rules.

    moto sends the events, and expires nothing.
    """

    def get_notification(self: Any) -> Any:
        found = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if found is not None and found.event_bridge is not None:
            _with(self, lambda answer: {**answer, "EventBridgeConfiguration": {}})
        return stock_notification(self)

    def set_lifecycle(self: Any, rules: list[dict[str, Any]]) -> None:
        stock_set(self, rules)
        # moto makes its own rules in the same order
        for rule, given in zip(self.rules, rules, strict=True):
            rule.given = given

    def get_lifecycle(self: Any) -> Any:
        kept = [
            getattr(rule, "given", {})
            for rule in self.backend.get_bucket_lifecycle(self.bucket_name) or []
        ]

        def whole(answer: dict[str, Any]) -> dict[str, Any]:
            shown = [_rule(*both) for both in zip(answer["Rules"], kept, strict=True)]
            return {**answer, "Rules": shown}

        _with(self, whole)
        return stock_lifecycle(self)

    stock_notification = patches.replace(S3Response, "get_bucket_notification", get_notification)
    stock_set = patches.replace(FakeBucket, "set_lifecycle", set_lifecycle)
    stock_lifecycle = patches.replace(S3Response, "get_bucket_lifecycle", get_lifecycle)


def _with(response: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Change this request's answer before it is written; a response object has one request."""
    serialized = response.serialized

    def changed(answer: ActionResult) -> Any:
        if isinstance(answer.result, dict):  # errors go the same way
            answer = ActionResult(change(answer.result))
        return serialized(answer)

    response.serialized = changed


def _rule(shown: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """A lifecycle rule with what moto left out of it."""
    rule = dict(shown)
    expiration = given.get("NoncurrentVersionExpiration") or {}
    if "NewerNoncurrentVersions" in expiration:
        kept = {"NewerNoncurrentVersions": expiration["NewerNoncurrentVersions"]}
        rule["NoncurrentVersionExpiration"] = {**rule["NoncurrentVersionExpiration"], **kept}
    chosen = given.get("Filter") or {}
    both = chosen.get("And") or {}
    sizes = {name: both[name] for name in _SIZES if name in both}
    if sizes:
        rule["Filter"] = {"And": {**rule["Filter"].get("And", {}), **sizes}}
    single = {name: chosen[name] for name in _SIZES if name in chosen}
    if single:
        rule["Filter"] = single
    return rule
