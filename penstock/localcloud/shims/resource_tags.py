"""The tags that moto keeps of a resource, by the resource's ARN."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.awslambda.utils import get_backend as lambda_backend
from moto.backends import get_backend
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

Tags = dict[str, str]

# kind in the ARN -> where moto's backend keeps these by name, or by ARN
_SAGEMAKER = {
    "data-quality-job-definition": "data_quality_job_definitions",
    "endpoint": "endpoints",
    "endpoint-config": "endpoint_configs",
    "experiment": "experiments",
    "experiment-trial": "trials",
    "experiment-trial-component": "trial_components",
    "hyper-parameter-tuning-job": "hyper_parameter_tuning_jobs",
    "model": "_models",
    "model-package": "model_packages",
    "model-package-group": "model_package_groups",
    "monitoring-schedule": "monitoring_schedules",
    "pipeline": "pipelines",
    "processing-job": "processing_jobs",
    "training-job": "training_jobs",
    "transform-job": "transform_jobs",
}
_GLOBAL = ("iam", "s3")


def tags_of(arn: str, account_id: str, region: str) -> Tags | None:
    """By name; none where nothing is there. None: tags of such resources are not known here."""
    parts = arn.split(":", 5)
    if len(parts) != 6:
        return {}  # *, which is no resource
    service, path = parts[2], parts[5]
    if service not in _READERS:
        return None
    return _READERS[service](_backend(service, account_id, region), path, arn)


def _backend(service: str, account_id: str, region: str) -> Any:
    if service == "lambda":
        return lambda_backend(account_id, region)
    if service == "states":  # those that execute
        return stepfunctions_parser_backends[account_id][region]
    return get_backend(service)[account_id]["aws" if service in _GLOBAL else region]


def _kept_by_arn(backend: Any, _path: str, arn: str) -> Tags:
    return dict(backend.tagger.get_tag_dict_for_resource(arn))


def _nothing(_backend: Any, _path: str, _arn: str) -> Tags:
    """S3's conditions know no tags of buckets, unless a bucket asks for it (PutBucketAbac)."""
    return {}


def _dynamodb(backend: Any, path: str, _arn: str) -> Tags:
    table = backend.tables.get(path.split("/")[1])
    return {} if table is None else _listed(table.tags)


def _iam(backend: Any, path: str, arn: str) -> Tags | None:
    kind, name = path.split("/", 1)[0], path.rsplit("/", 1)[-1]
    if kind == "user":
        return _kept_by_arn(backend, path, arn)
    if kind != "role":
        return None
    # a copy: other threads make roles meanwhile
    found = next((role for role in list(backend.roles.values()) if role.name == name), None)
    return {} if found is None else _listed(found.tags)


def _kinesis(backend: Any, path: str, _arn: str) -> Tags:
    stream = backend.streams.get(path.split("/")[1])
    return {} if stream is None else dict(stream.tags)


def _kms(backend: Any, path: str, _arn: str) -> Tags:
    return dict(backend.tagger.get_tag_dict_for_resource(path.removeprefix("key/")))


def _lambda(backend: Any, path: str, _arn: str) -> Tags:
    kind, name = path.split(":")[:2]
    if kind == "event-source-mapping":
        mapping = backend._event_source_mappings.get(name)
        return {} if mapping is None else dict(mapping.tags)
    versions = backend._lambdas._functions.get(name) if kind == "function" else None
    return {} if versions is None else dict(versions["latest"].tags)


def _logs(backend: Any, path: str, arn: str) -> Tags:
    """A stream of a group has the group's."""
    group = arn.removesuffix(path) + ":".join(path.split(":")[:2])
    return _kept_by_arn(backend, path, group)


def _sagemaker(backend: Any, path: str, arn: str) -> Tags | None:
    """Names in any case: the Service Authorization Reference has them in lower case in ARNs."""
    kind, name = path.split("/", 1)
    if kind not in _SAGEMAKER:
        return None
    wanted = (arn if kind == "model-package" else name).lower()
    kept: Mapping[str, Any] = getattr(backend, _SAGEMAKER[kind], {})
    found = (resource for key, resource in list(kept.items()) if key.lower() == wanted)
    return _listed(next((resource.tags for resource in found), ()))


def _sns(backend: Any, _path: str, arn: str) -> Tags:
    topic = backend.topics.get(arn)
    return {} if topic is None else dict(topic._tags)


def _sqs(backend: Any, path: str, _arn: str) -> Tags:
    queue = backend.queues.get(path)
    return {} if queue is None else dict(queue.tags or {})


def _ssm(backend: Any, path: str, _arn: str) -> Tags | None:
    kind, name = path.split("/", 1)
    if kind != "parameter":
        return None
    of_parameters = backend._resource_tags.get("Parameter", {})
    return dict(of_parameters.get(name) or of_parameters.get(f"/{name}") or {})


def _listed(tags: Iterable[Mapping[str, str]] | None) -> Tags:
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


# service in the ARN -> how moto's backend keeps tags
_READERS: dict[str, Callable[[Any, str, str], Tags | None]] = {
    "cloudwatch": _kept_by_arn,
    "dynamodb": _dynamodb,
    "events": _kept_by_arn,
    "firehose": _kept_by_arn,
    "glue": _kept_by_arn,
    "iam": _iam,
    "kinesis": _kinesis,
    "kms": _kms,
    "lambda": _lambda,
    "logs": _logs,
    "s3": _nothing,
    "sagemaker": _sagemaker,
    "scheduler": _kept_by_arn,
    "sns": _sns,
    "sqs": _sqs,
    "ssm": _ssm,
    "states": _kept_by_arn,
}
