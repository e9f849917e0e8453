"""AWS::S3: what S3 says of buckets and bucket policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader, if_there, renamed


class Bucket(Reader):
    """One Get call per setting."""

    type = "AWS::S3::Bucket"

    def read(self, resource: Deployed) -> Properties:
        """GetBucketEncryption and its siblings."""
        s3, name = resource.client("s3"), resource.physical_id
        encryption = if_there(
            ("ServerSideEncryptionConfigurationNotFoundError",),
            s3.get_bucket_encryption,
            Bucket=name,
        ).get("ServerSideEncryptionConfiguration", {"Rules": []})
        lifecycle = if_there(
            ("NoSuchLifecycleConfiguration",), s3.get_bucket_lifecycle_configuration, Bucket=name
        )
        cors = if_there(("NoSuchCORSConfiguration",), s3.get_bucket_cors, Bucket=name)
        return {
            "BucketName": name,
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    renamed(
                        rule, ApplyServerSideEncryptionByDefault="ServerSideEncryptionByDefault"
                    )
                    for rule in encryption["Rules"]
                ]
            },
            "CorsConfiguration": {
                "CorsRules": [
                    renamed(rule, ExposeHeaders="ExposedHeaders", ID="Id", MaxAgeSeconds="MaxAge")
                    for rule in cors.get("CORSRules", [])
                ]
            },
            "LifecycleConfiguration": {
                "Rules": [_lifecycle_rule(rule) for rule in lifecycle.get("Rules", [])]
            },
            "LoggingConfiguration": _logging(s3.get_bucket_logging(Bucket=name)),
            "NotificationConfiguration": _notifications(
                s3.get_bucket_notification_configuration(Bucket=name)
            ),
            "OwnershipControls": if_there(
                ("OwnershipControlsNotFoundError",), s3.get_bucket_ownership_controls, Bucket=name
            ).get("OwnershipControls"),
            "PublicAccessBlockConfiguration": if_there(
                ("NoSuchPublicAccessBlockConfiguration",), s3.get_public_access_block, Bucket=name
            ).get("PublicAccessBlockConfiguration"),
            "Tags": if_there(("NoSuchTagSet",), s3.get_bucket_tagging, Bucket=name).get("TagSet"),
            "VersioningConfiguration": renamed(s3.get_bucket_versioning(Bucket=name)),
        }


def _logging(answer: Mapping[str, Any]) -> Properties:
    return renamed(
        answer.get("LoggingEnabled", {}),
        TargetBucket="DestinationBucketName",
        TargetPrefix="LogFilePrefix",
    )


def _lifecycle_rule(rule: Mapping[str, Any]) -> Properties:
    found = renamed(rule, ID="Id")
    chosen = found.pop("Filter", {})
    both = chosen.get("And", {})
    tags = [*([chosen["Tag"]] if "Tag" in chosen else []), *both.get("Tags", [])]
    sizes = {**chosen, **both}
    for name in ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan"):
        if name in sizes:
            found[name] = sizes[name]
    if tags:
        found["TagFilters"] = tags
    expiration = found.pop("Expiration", {})
    found |= renamed(expiration, Days="ExpirationInDays", Date="ExpirationDate")
    for plural, names in (
        ("Transitions", {"Days": "TransitionInDays", "Date": "TransitionDate"}),
        ("NoncurrentVersionTransitions", {"NoncurrentDays": "TransitionInDays"}),
    ):
        if plural in found:
            found[plural] = [renamed(item, **names) for item in found[plural]]
            found[plural.removesuffix("s")] = found[plural][0]
    if "NoncurrentVersionExpiration" in found:
        days = found["NoncurrentVersionExpiration"].get("NoncurrentDays")
        found["NoncurrentVersionExpirationInDays"] = days
    return found


def _notifications(answer: Mapping[str, Any]) -> Properties:
    found: Properties = {}
    for name, to, target_arn, target in (
        ("LambdaFunctionConfigurations", "LambdaConfigurations", "LambdaFunctionArn", "Function"),
        ("QueueConfigurations", "QueueConfigurations", "QueueArn", "Queue"),
        ("TopicConfigurations", "TopicConfigurations", "TopicArn", "Topic"),
    ):
        found[to] = []
        for item in answer.get(name, []):
            entry = {target: item[target_arn], "Event": item["Events"][0]}
            if "Filter" in item:
                entry["Filter"] = {"S3Key": {"Rules": item["Filter"]["Key"]["FilterRules"]}}
            found[to].append(entry)
    enabled = "EventBridgeConfiguration" in answer
    found["EventBridgeConfiguration"] = {"EventBridgeEnabled": enabled}
    return found


class BucketPolicy(Reader):
    """The document of a bucket."""

    type = "AWS::S3::BucketPolicy"

    def read(self, resource: Deployed) -> Properties:
        """GetBucketPolicy."""
        answer = resource.client("s3").get_bucket_policy(Bucket=resource.physical_id)
        return {"Bucket": resource.physical_id, "PolicyDocument": answer["Policy"]}
