"""The URI of one of SageMaker's own images: its registry account is looked up by region."""

from __future__ import annotations

from aws_cdk import Aws, CfnMapping, Stack
from constructs import Construct

from penstock.catalog.images import Image


class AlgorithmImage(Construct):
    """A template mapping from region to account, so that one template serves every region."""

    def __init__(self, scope: Construct, construct_id: str, *, image: Image) -> None:
        super().__init__(scope, construct_id)
        mapping = CfnMapping(
            self,
            "Registry",
            mapping={region: {"account": image.accounts[region]} for region in image.regions},
        )
        region = Stack.of(self).region
        account = mapping.find_in_map(Aws.REGION, "account")
        self.uri = f"{account}.dkr.ecr.{region}.{Aws.URL_SUFFIX}/{image.path}"
        self.repository_arn = (
            f"arn:{Aws.PARTITION}:ecr:{region}:{account}:repository/{image.repository}"
        )
