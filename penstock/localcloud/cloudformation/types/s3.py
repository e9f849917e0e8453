"""AWS::S3: buckets with all their settings, and bucket policies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from penstock.localcloud.cloudformation.errors import ResourceError
from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    changed,
    tag_map,
)
from penstock.localcloud.cloudformation.shapes import call
from penstock.localcloud.cloudformation.types.api import document, ignoring, tag_list
from penstock.localcloud.ledger import Life

# S3 user guide, "General purpose buckets naming rules": 3-63, lower case, digits, dots, hyphens
_NAME = NameRule(max_length=63, forbidden=r"[^A-Za-z0-9-]", lower=True)


class Bucket(Handler):
    """Ref is the bucket's name; attributes Arn and its domain names."""

    type = "AWS::S3::Bucket"
    life = Life.LIVE
    kept_only = {
        "BucketEncryption": "nothing is encrypted here",
        "LifecycleConfiguration": "nothing expires here",
    }
    properties = frozenset(
        {
            "BucketEncryption",
            "BucketName",
            "CorsConfiguration",
            "LifecycleConfiguration",
            "LoggingConfiguration",
            "NotificationConfiguration",
            "OwnershipControls",
            "PublicAccessBlockConfiguration",
            "Tags",
            "VersioningConfiguration",
        }
    )
    replace_on = frozenset({"BucketName"})
    name_property = "BucketName"
    tag_style = "list"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateBucket, then one call per setting."""
        s3 = context.client("s3")
        name = properties.get("BucketName") or context.name(_NAME)
        elsewhere = (
            {}
            if context.region == "us-east-1"
            else {"CreateBucketConfiguration": {"LocationConstraint": context.region}}
        )
        existing = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
        if name in existing:  # in us-east-1 the API itself says nothing
            raise ResourceError(f"{name} already exists")
        s3.create_bucket(Bucket=name, **elsewhere)
        context.made(name)
        self._settle(s3, name, {}, properties)
        return self._created(context, name)

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """Every setting changes in place; one that is gone goes back to S3's default."""
        self._settle(context.client("s3"), physical_id, old, new)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteBucket; S3 refuses while objects are in it."""
        ignoring(("NoSuchBucket",), context.client("s3").delete_bucket, Bucket=physical_id)

    @staticmethod
    def _created(context: ResourceContext, name: str) -> Created:
        regional = f"{name}.s3.{context.region}.amazonaws.com"
        return Created(
            name,
            {
                "Arn": f"arn:aws:s3:::{name}",
                "DomainName": f"{name}.s3.amazonaws.com",
                "DualStackDomainName": f"{name}.s3.dualstack.{context.region}.amazonaws.com",
                "RegionalDomainName": regional,
                "WebsiteURL": f"http://{name}.s3-website-{context.region}.amazonaws.com",
            },
        )

    def _settle(self, s3: Any, name: str, old: Properties, new: Properties) -> None:
        for setting, apply in self._settings().items():
            if changed(old, new, setting):
                apply(s3, name, new.get(setting))

    def _settings(self) -> dict[str, Callable[[Any, str, Any], None]]:
        return {
            "OwnershipControls": self._ownership,
            "PublicAccessBlockConfiguration": self._public_access,
            "VersioningConfiguration": self._versioning,
            "BucketEncryption": self._encryption,
            "LifecycleConfiguration": self._lifecycle,
            "LoggingConfiguration": self._logging,
            "NotificationConfiguration": self._notifications,
            "CorsConfiguration": self._cors,
            "Tags": self._tags,
        }

    @staticmethod
    def _put(s3: Any, method: str, name: str, **settings: Any) -> None:
        call(s3, method, {"Bucket": name, **settings})

    def _ownership(self, s3: Any, name: str, value: Any) -> None:
        if value is None:
            s3.delete_bucket_ownership_controls(Bucket=name)
        else:
            self._put(s3, "put_bucket_ownership_controls", name, OwnershipControls=value)

    def _public_access(self, s3: Any, name: str, value: Any) -> None:
        if value is None:
            s3.delete_public_access_block(Bucket=name)
        else:
            self._put(s3, "put_public_access_block", name, PublicAccessBlockConfiguration=value)

    def _versioning(self, s3: Any, name: str, value: Any) -> None:
        # a bucket that ever had versions can only suspend them
        wanted = value or {"Status": "Suspended"}
        self._put(s3, "put_bucket_versioning", name, VersioningConfiguration=wanted)

    def _encryption(self, s3: Any, name: str, value: Any) -> None:
        if value is None:
            s3.delete_bucket_encryption(Bucket=name)
            return
        rules = [
            {
                **{
                    key: item
                    for key, item in rule.items()
                    if key != "ServerSideEncryptionByDefault"
                },
                "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
            }
            for rule in value["ServerSideEncryptionConfiguration"]
        ]
        self._put(
            s3,
            "put_bucket_encryption",
            name,
            ServerSideEncryptionConfiguration={"Rules": rules},
        )

    def _lifecycle(self, s3: Any, name: str, value: Any) -> None:
        if value is None:
            s3.delete_bucket_lifecycle(Bucket=name)
            return
        extra = set(value) - {"Rules", "TransitionDefaultMinimumObjectSize"}
        if extra:
            raise ResourceError(f"LifecycleConfiguration: {sorted(extra)} is not known")
        rules = [lifecycle_rule(rule, number) for number, rule in enumerate(value["Rules"])]
        self._put(
            s3,
            "put_bucket_lifecycle_configuration",
            name,
            LifecycleConfiguration={"Rules": rules},
        )

    def _logging(self, s3: Any, name: str, value: Any) -> None:
        if value is None:
            s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={})
            return
        enabled = {
            # without a destination a bucket logs to itself
            "TargetBucket": value.get("DestinationBucketName", name),
            "TargetPrefix": value.get("LogFilePrefix", ""),
        }
        if "TargetObjectKeyFormat" in value:
            enabled["TargetObjectKeyFormat"] = value["TargetObjectKeyFormat"]
        self._put(s3, "put_bucket_logging", name, BucketLoggingStatus={"LoggingEnabled": enabled})

    def _notifications(self, s3: Any, name: str, value: Any) -> None:
        self._put(
            s3,
            "put_bucket_notification_configuration",
            name,
            NotificationConfiguration=notification_configuration(value or {}),
        )

    def _cors(self, s3: Any, name: str, value: Any) -> None:
        if value is None:
            s3.delete_bucket_cors(Bucket=name)
            return
        renamed = {"ExposedHeaders": "ExposeHeaders", "Id": "ID", "MaxAge": "MaxAgeSeconds"}
        rules = [
            {renamed.get(key, key): item for key, item in rule.items()}
            for rule in value["CorsRules"]
        ]
        self._put(s3, "put_bucket_cors", name, CORSConfiguration={"CORSRules": rules})

    def _tags(self, s3: Any, name: str, value: Any) -> None:
        if value:
            s3.put_bucket_tagging(
                Bucket=name, Tagging={"TagSet": tag_list(tag_map({"Tags": value}))}
            )
        else:
            s3.delete_bucket_tagging(Bucket=name)


_RULE_FIELDS = {
    "AbortIncompleteMultipartUpload",
    "ExpirationDate",
    "ExpirationInDays",
    "ExpiredObjectDeleteMarker",
    "Id",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionExpirationInDays",
    "NoncurrentVersionTransition",
    "NoncurrentVersionTransitions",
    "ObjectSizeGreaterThan",
    "ObjectSizeLessThan",
    "Prefix",
    "Status",
    "TagFilters",
    "Transition",
    "Transitions",
}


def lifecycle_rule(rule: dict[str, Any], number: int) -> dict[str, Any]:
    """A lifecycle rule of a template as the rule that PutBucketLifecycleConfiguration takes.

    Sources: CloudFormation reference AWS::S3::Bucket Rule; botocore 1.44.5 s3 LifecycleRule.
    """
    extra = set(rule) - _RULE_FIELDS
    if extra:
        raise ResourceError(f"LifecycleConfiguration.Rules[{number}]: {sorted(extra)} is not known")
    answer: dict[str, Any] = {"ID": rule.get("Id", f"rule-{number}"), "Status": rule["Status"]}
    answer["Filter"] = _lifecycle_filter(rule)
    expiration = {
        to: rule[name]
        for name, to in (
            ("ExpirationDate", "Date"),
            ("ExpirationInDays", "Days"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if name in rule
    }
    if expiration:
        answer["Expiration"] = expiration
    transitions = [*rule.get("Transitions", []), *_single(rule, "Transition")]
    if transitions:
        names = {"TransitionDate": "Date", "TransitionInDays": "Days"}
        answer["Transitions"] = [
            {names.get(key, key): value for key, value in item.items()} for item in transitions
        ]
    noncurrent = [
        *rule.get("NoncurrentVersionTransitions", []),
        *_single(rule, "NoncurrentVersionTransition"),
    ]
    if noncurrent:
        answer["NoncurrentVersionTransitions"] = [
            {
                ("NoncurrentDays" if key == "TransitionInDays" else key): value
                for key, value in item.items()
            }
            for item in noncurrent
        ]
    if "NoncurrentVersionExpiration" in rule:
        answer["NoncurrentVersionExpiration"] = rule["NoncurrentVersionExpiration"]
    elif "NoncurrentVersionExpirationInDays" in rule:
        answer["NoncurrentVersionExpiration"] = {
            "NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]
        }
    if "AbortIncompleteMultipartUpload" in rule:
        answer["AbortIncompleteMultipartUpload"] = rule["AbortIncompleteMultipartUpload"]
    return answer


def _single(rule: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [rule[name]] if name in rule else []


def _lifecycle_filter(rule: dict[str, Any]) -> dict[str, Any]:
    simple: dict[str, Any] = {
        name: rule[name]
        for name in ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
        if name in rule
    }
    tags = rule.get("TagFilters", [])
    if len(simple) + len(tags) > 1:
        return {"And": {**simple, **({"Tags": tags} if tags else {})}}
    if tags:
        return {"Tag": tags[0]}
    return simple or {"Prefix": ""}


def notification_configuration(value: dict[str, Any]) -> dict[str, Any]:
    """A template's NotificationConfiguration as PutBucketNotificationConfiguration takes it."""
    kinds = {
        "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
        "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
        "TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn"),
    }
    answer: dict[str, Any] = {}
    for name, content in value.items():
        if name == "EventBridgeConfiguration":
            if str(content.get("EventBridgeEnabled", True)).lower() == "true":
                answer["EventBridgeConfiguration"] = {}
            continue
        if name not in kinds:
            raise ResourceError(f"NotificationConfiguration.{name} is not known")
        to, target, target_arn = kinds[name]
        answer[to] = []
        for item in content:
            entry = {target_arn: item[target], "Events": [item["Event"]]}
            if "Filter" in item:
                entry["Filter"] = {"Key": {"FilterRules": item["Filter"]["S3Key"]["Rules"]}}
            answer[to].append(entry)
    return answer


class BucketPolicy(Handler):
    """Ref is the bucket's name."""

    type = "AWS::S3::BucketPolicy"
    life = Life.LIVE
    properties = frozenset({"Bucket", "PolicyDocument"})
    required = properties
    replace_on = frozenset({"Bucket"})

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """PutBucketPolicy."""
        context.client("s3").put_bucket_policy(
            Bucket=properties["Bucket"], Policy=document(properties["PolicyDocument"])
        )
        return Created(properties["Bucket"])

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """PutBucketPolicy replaces the document."""
        self.create(context, new)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteBucketPolicy."""
        ignoring(
            ("NoSuchBucket", "NoSuchBucketPolicy"),
            context.client("s3").delete_bucket_policy,
            Bucket=physical_id,
        )
