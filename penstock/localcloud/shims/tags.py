"""Tags: a key has one value, the one that was given last; moto would keep the old one too."""

from __future__ import annotations

from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.sagemaker.models import SageMakerModelBackend

from penstock.localcloud.shims.patches import Patches

Tags = list[dict[str, str]]


def install(patches: Patches) -> None:
    """SageMaker's AddTags and DynamoDB's TagResource (API references: the value is replaced)."""

    def add_tags(self: Any, arn: str, tags: Tags) -> Tags:
        self.delete_tags(arn, [tag["Key"] for tag in tags])
        answer: Tags = stock_add(self, arn, tags)
        return answer

    def tag_resource(self: Any, arn: str, tags: dict[str, str]) -> None:
        self.untag_resource(arn, list(tags))
        stock_tag(self, arn, tags)

    stock_add = patches.replace(SageMakerModelBackend, "add_tags", add_tags)
    stock_tag = patches.replace(DynamoDBBackend, "tag_resource", tag_resource)
