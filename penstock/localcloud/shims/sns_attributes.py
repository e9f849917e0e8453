"""SNS: attributes of topics that moto takes and does not show again."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import camelcase_to_underscores
from moto.sns.responses import SNSResponse

from penstock.localcloud.shims.patches import Patches

_NOT_SHOWN = ("ArchivePolicy", "SignatureVersion", "TracingConfig")


def install_attributes(patches: Patches) -> None:
    """Show them, and add the data protection policy, which has calls of its own."""

    def get_topic_attributes(self: Any) -> ActionResult:
        answer = stock_get(self)
        topic = self.backend.get_topic(self._get_param("TopicArn"))
        kept = {name: getattr(topic, camelcase_to_underscores(name), None) for name in _NOT_SHOWN}
        answer.result["Attributes"] |= {name: value for name, value in kept.items() if value}
        return answer

    def create_topic(self: Any) -> ActionResult:
        answer = stock_create(self)
        policy = self._get_param("DataProtectionPolicy")
        if policy is not None:
            self.backend.get_topic(answer.result["TopicArn"]).data_protection_policy = policy
        return answer

    def put_policy(self: Any) -> ActionResult:
        topic = self.backend.get_topic(self._get_param("ResourceArn"))
        topic.data_protection_policy = self._get_param("DataProtectionPolicy")
        return EmptyResult()

    def get_policy(self: Any) -> ActionResult:
        topic = self.backend.get_topic(self._get_param("ResourceArn"))
        return ActionResult({"DataProtectionPolicy": getattr(topic, "data_protection_policy", "")})

    stock_get = patches.replace(SNSResponse, "get_topic_attributes", get_topic_attributes)
    stock_create = patches.replace(SNSResponse, "create_topic", create_topic)
    patches.add(SNSResponse, "put_data_protection_policy", put_policy)
    patches.add(SNSResponse, "get_data_protection_policy", get_policy)
