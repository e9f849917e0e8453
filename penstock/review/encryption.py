"""Section: what is encrypted, where it lies and on its way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from penstock.html.wording import counted
from penstock.review.assembly import Assembly, Resource, as_list
from penstock.review.blocks import Block, Cell, Folded, Paragraph, Section, Table, alert, soft
from penstock.review.machines import MACHINE, tasks
from penstock.review.policies import guards
from penstock.review.values import Values

_KEY = "AWS::KMS::Key"
_OWN_KEYS = "the service's own key"
_PLAIN = "plain text"
_NOTHING = "nothing in the template"
_SECURE = "aws:SecureTransport Bool false"


@dataclass(frozen=True)
class Stored:
    """Something that is kept, and what the template says of its encryption."""

    name: str
    what: str
    key: str
    transit: str = ""

    @property
    def is_under_key(self) -> bool:
        """Whether the templates name a key for it, itself or the place where it goes."""
        return not self.key.startswith((_OWN_KEYS, _PLAIN, _NOTHING))


def encryption(assembly: Assembly, values: Values) -> Section:
    """One row for each place where data lies; keys below."""
    stored = [found for resource in assembly.resources.values() for found in _of(values, resource)]
    only_tls = _only_tls(assembly, values)
    without = [found for found in stored if not found.is_under_key]
    under = [found for found in stored if found.is_under_key]
    said = (
        f"{counted(len(stored), 'place')} where data lies, {len(without) or 'none'} without a key "
        "that the templates name. A dash: they say nothing of the way there."
    )
    blocks: list[Block] = [Paragraph(said)]
    if without:
        blocks.append(_table(without, only_tls))
    if under:
        summary = f"{counted(len(under), 'place')} under a key, or as the place where it goes"
        blocks.append(Folded(summary, [_table(under, only_tls)]))
    keys: list[list[Cell]] = [
        [
            key.name,
            "yes" if key.properties.get("EnableKeyRotation") is True else alert("no"),
            "kept" if key.is_kept else alert("deleted with the stack"),
        ]
        for key in assembly.of_type(_KEY)
    ]
    if keys:
        blocks.append(Table(["key", "turned over every year", "with the stack"], keys))
    return Section("encryption", "Encryption", blocks)


def _table(stored: list[Stored], only_tls: set[str]) -> Table:
    rows: list[list[Cell]] = [
        [
            found.name,
            found.what,
            alert(found.key) if found.key in (_NOTHING, _PLAIN) else found.key,
            found.transit or ("only TLS, by its policy" if found.name in only_tls else soft("-")),
        ]
        for found in stored
    ]
    return Table(["resource", "what lies there", "key", "on its way"], rows)


def _only_tls(assembly: Assembly, values: Values) -> set[str]:
    """Names of resources whose policy denies everybody what does not come over TLS."""
    return {
        name
        for guard in guards(assembly, values)
        for name in guard.protects.split(", ")
        if any(
            statement.effect == "Deny"
            and "*" in statement.principals
            and _SECURE in statement.condition
            for statement in guard.statements
        )
    }


def _of(values: Values, resource: Resource) -> Iterator[Stored]:
    properties = resource.properties
    match resource.type:
        case "AWS::S3::Bucket":
            yield _bucket(values, resource)
        case "AWS::Kinesis::Stream":
            written = properties.get("StreamEncryption") or {}
            yield _stored(values, resource, "records", written.get("KeyId"))
        case "AWS::KinesisFirehose::DeliveryStream":
            yield from _firehose(values, resource)
        case "AWS::SNS::Topic":
            yield _stored(values, resource, "messages", properties.get("KmsMasterKeyId"))
        case "AWS::SQS::Queue":
            own = properties.get("SqsManagedSseEnabled") is True and _OWN_KEYS
            yield _stored(values, resource, "messages", properties.get("KmsMasterKeyId") or own)
        case "AWS::Logs::LogGroup":
            # CloudWatch Logs encrypts with a key of its own where none is given
            key = properties.get("KmsKeyId")
            yield _stored(values, resource, "log events", key or _OWN_KEYS)
        case "AWS::DynamoDB::Table":
            written = properties.get("SSESpecification") or {}
            # DynamoDB encrypts with a key of its own where none is given
            yield _stored(values, resource, "items", written.get("KMSMasterKeyId") or _OWN_KEYS)
        case "AWS::Lambda::Function":
            if properties.get("Environment"):
                key = properties.get("KmsKeyArn")
                yield _stored(values, resource, "environment variables", key or _OWN_KEYS)
        case "AWS::Glue::SecurityConfiguration":
            yield from _glue(values, resource)
        case "AWS::Glue::Job":
            if not properties.get("SecurityConfiguration"):
                yield _stored(values, resource, "logs, bookmarks and files of the job", None)
        case "AWS::SageMaker::EndpointConfig":
            yield from _endpoint(values, resource)
        case "AWS::Scheduler::Schedule":
            yield _stored(values, resource, "input", properties.get("KmsKeyArn") or _OWN_KEYS)
        case "AWS::SSM::Parameter":
            yield Stored(resource.name, "value", _PLAIN)
        case "AWS::StepFunctions::StateMachine":
            written = properties.get("EncryptionConfiguration") or {}
            key = written.get("KmsKeyId") or _OWN_KEYS
            yield _stored(values, resource, "definition and history", key)
            yield from _jobs(values, resource)
        case _:
            yield from _others(values, resource)


def _stored(values: Values, resource: Resource, what: str, key: Any) -> Stored:
    if not key:
        return Stored(resource.name, what, _NOTHING)
    return Stored(resource.name, what, values.text(resource, key))


def _bucket(values: Values, bucket: Resource) -> Stored:
    written = bucket.properties.get("BucketEncryption") or {}
    rules = as_list(written.get("ServerSideEncryptionConfiguration")) or [{}]
    chosen = rules[0].get("ServerSideEncryptionByDefault") or {}
    algorithm = str(chosen.get("SSEAlgorithm", ""))
    key = chosen.get("KMSMasterKeyID")
    if key is None and algorithm:
        key = "the service's own key (SSE-S3)" if algorithm == "AES256" else f"aws/s3 ({algorithm})"
    return _stored(values, bucket, "objects", key)


def _firehose(values: Values, delivery: Resource) -> Iterator[Stored]:
    properties = delivery.properties
    if properties.get("DeliveryStreamType", "DirectPut") == "DirectPut":
        written = properties.get("DeliveryStreamEncryptionConfigurationInput") or {}
        key = written.get("KeyARN") or (written.get("KeyType") and _OWN_KEYS)
        yield _stored(values, delivery, "records before delivery", key)
    for name, destination in properties.items():
        if name.endswith("S3DestinationConfiguration"):
            written = (destination.get("EncryptionConfiguration") or {}).get("KMSEncryptionConfig")
            key = (written or {}).get("AWSKMSKeyARN") or "as its bucket says"
            yield _stored(values, delivery, "delivered objects", key)


def _glue(values: Values, settings: Resource) -> Iterator[Stored]:
    written = settings.properties.get("EncryptionConfiguration") or {}
    parts = {
        "job's logs": written.get("CloudWatchEncryption"),
        "job's bookmarks": written.get("JobBookmarksEncryption"),
        "job's files": next(iter(as_list(written.get("S3Encryptions"))), None),
    }
    for what, part in parts.items():
        key = (part or {}).get("KmsKeyArn")
        own = any(str(value) == "SSE-S3" for value in (part or {}).values()) and _OWN_KEYS
        yield _stored(values, settings, what, key or own)


def _endpoint(values: Values, config: Resource) -> Iterator[Stored]:
    variants = as_list(config.properties.get("ProductionVariants"))
    if not all("ServerlessConfig" in variant for variant in variants):
        key = config.properties.get("KmsKeyId")
        # no key may be given where the volume is NVMe, which the host encrypts
        types = [str(variant.get("InstanceType")) for variant in variants]
        yield _stored(values, config, f"volumes of {', '.join(types)}", key or _OWN_KEYS)
    capture = config.properties.get("DataCaptureConfig")
    if capture:
        yield _stored(values, config, "captured requests", capture.get("KmsKeyId"))


def _jobs(values: Values, machine: Resource) -> Iterator[Stored]:
    """Jobs that a state machine runs: their volumes, what they write, what their hosts say."""
    if machine.type != MACHINE:
        return
    for task in tasks(values, machine):
        name = f"{machine.name} ({task.name})"
        transit = ""
        if task.action == "createTrainingJob":
            between = task.parameters.get("EnableInterContainerTrafficEncryption") is True
            hosts = (task.parameters.get("ResourceConfig") or {}).get("InstanceCount", 1)
            transit = "encrypted between hosts" if between else ""
            if not between and hosts != 1:
                transit = "plain between hosts"
        for part, what in (
            ("OutputDataConfig", "what the job writes"),
            ("TransformOutput", "what the job writes"),
            ("ResourceConfig", "volumes"),
            ("TransformResources", "volumes"),
        ):
            written = task.parameters.get(part)
            if isinstance(written, Mapping):
                key = written.get("KmsKeyId") or written.get("VolumeKmsKeyId")
                text = task.text(key) if key else _OWN_KEYS if what == "volumes" else _NOTHING
                yield Stored(name, what, text, transit)


def _others(values: Values, resource: Resource) -> Iterator[Stored]:
    """Types that are not known here: any property that is named like a key."""
    for name, value in resource.properties.items():
        if "kmskey" in name.lower() and isinstance(value, str | Mapping):
            yield _stored(values, resource, name, value)
