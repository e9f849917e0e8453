"""Where data goes, by what the resources say of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from penstock.review.assembly import Assembly, Resource, as_list
from penstock.review.diagram.graph import (
    Arrow,
    Flow,
    Graph,
    Node,
    build,
    job_node,
    node_id,
    node_of,
)
from penstock.review.diagram.kinds import JOBS
from penstock.review.machines import MACHINE, Task, tasks
from penstock.review.policies import ROLE, documents
from penstock.review.values import Values

_BUCKET = "AWS::S3::Bucket"
_FUNCTION = "AWS::Lambda::Function"
_GLUE_JOB = "AWS::Glue::Job"
_MODEL = "AWS::SageMaker::Model"
_ENDPOINT = "AWS::SageMaker::Endpoint"
_PARAMETER = "AWS::SSM::Parameter"
_ALARM = "AWS::CloudWatch::Alarm"
_PUT_METRIC = "cloudwatch:PutMetricData"

# what an action in a policy lets through, and whether it comes from the resource named there
_READS = {
    "s3:GetObject",
    "kinesis:GetRecords",
    "kinesis:SubscribeToShard",
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:GetRecords",
    "sqs:ReceiveMessage",
    "ssm:GetParameter",
}
_WRITES: dict[str, Flow] = {
    "s3:PutObject": "data",
    "kinesis:PutRecord": "data",
    "kinesis:PutRecords": "data",
    "firehose:PutRecord": "data",
    "firehose:PutRecordBatch": "data",
    "dynamodb:PutItem": "data",
    "dynamodb:UpdateItem": "data",
    "dynamodb:BatchWriteItem": "data",
    "sqs:SendMessage": "data",
    "ssm:PutParameter": "data",
    "sagemaker:InvokeEndpoint": "data",
    "sns:Publish": "tell",
    "lambda:InvokeFunction": "start",
    "states:StartExecution": "start",
    "glue:StartJobRun": "start",
}
# what comes before a name in an ARN that is written out
_IN_ARN = {
    _ENDPOINT: ":endpoint/",
    _PARAMETER: ":parameter",
    "AWS::SageMaker::ModelPackageGroup": ":model-package-group/",
    "AWS::Kinesis::Stream": ":stream/",
    "AWS::DynamoDB::Table": ":table/",
    _FUNCTION: ":function:",
    _GLUE_JOB: ":job/",
    MACHINE: ":stateMachine:",
}
_SERVICES = {"ssm": _PARAMETER, "sagemaker": "AWS::SageMaker::ModelPackageGroup"}


def graph_of(assembly: Assembly, values: Values) -> Graph:
    """The whole assembly's boxes and arrows."""
    found = _Arrows(assembly, values)
    arrows = list(found.all())
    nodes = [node for node in map(node_of, assembly.resources.values()) if node]
    return build(assembly, [*nodes, *found.jobs], arrows)


class _Arrows:
    def __init__(self, assembly: Assembly, values: Values) -> None:
        self._assembly = assembly
        self._values = values
        self._policies = documents(assembly, values)
        self.jobs: list[Node] = []
        self._named: dict[tuple[str, str], list[Resource]] = {}
        for resource in assembly.resources.values():
            own = f"{resource.type.rsplit('::', 1)[-1]}Name"
            for name in ("Name", own):
                value = resource.properties.get(name)
                if isinstance(value, str):
                    self._named.setdefault((name, value), []).append(resource)

    def all(self) -> Iterator[Arrow]:
        """Every arrow; the better tellers first, policies last."""
        for resource in self._assembly.resources.values():
            match resource.type:
                case "AWS::Lambda::EventSourceMapping":
                    yield from self._mapping(resource)
                case "AWS::KinesisFirehose::DeliveryStream":
                    yield from self._firehose(resource)
                case "AWS::StepFunctions::StateMachine":
                    yield from self._machine(resource)
                case "AWS::Events::Rule":
                    yield from self._rule(resource)
                case "AWS::SageMaker::Endpoint":
                    yield from self._endpoint(resource)
                case "AWS::SageMaker::Model":
                    yield from self._model(resource)
                case "AWS::Glue::Table":
                    location = resource.properties.get("TableInput", {})
                    yield from self._from(location, resource, resource)
                case "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm":
                    yield from self._alarm(resource)
                case "AWS::Scheduler::Schedule":
                    yield from self._to(resource, resource.properties.get("Target"), "start")
                case "AWS::Pipes::Pipe":
                    yield from self._from(resource.properties.get("Source"), resource, resource)
                    yield from self._to(resource, resource.properties.get("Target"), "data")
                case "AWS::SNS::Subscription":
                    yield from self._subscription(resource)
                case "AWS::S3::Bucket":
                    said = resource.properties.get("NotificationConfiguration")
                    yield from self._to(resource, said, "start")
                case "AWS::SageMaker::MonitoringSchedule":
                    yield from self._from(resource.properties, resource, resource)
        for resource in self._assembly.of_type(_FUNCTION, _GLUE_JOB):
            role = resource.properties.get("Role")
            yield from self._by_policy(node_id(resource), self._values.uses(resource, role))

    def _mapping(self, mapping: Resource) -> Iterator[Arrow]:
        properties = mapping.properties
        for function in self._values.uses(mapping, properties.get("FunctionName")):
            yield from self._from(properties.get("EventSourceArn"), mapping, function)
            failed = properties.get("DestinationConfig")
            for target in self._values.uses(mapping, failed):
                yield _arrow(function, target)

    def _firehose(self, delivery: Resource) -> Iterator[Arrow]:
        for name, value in delivery.properties.items():
            if name.endswith("SourceConfiguration"):
                yield from self._from(value, delivery, delivery)
            elif name.endswith("DestinationConfiguration"):
                for used in self._values.uses(delivery, value):
                    if used.type == "AWS::Glue::Table":
                        continue  # it says how to write, nothing goes there
                    yield _arrow(delivery, used, "start" if used.type == _FUNCTION else "data")

    def _machine(self, machine: Resource) -> Iterator[Arrow]:
        found = tasks(self._values, machine)
        model_roles = [
            role
            for task in found
            if task.action == "createModel"
            for role in task.uses_of(task.parameters.get("ExecutionRoleArn"))
        ]
        for task in found:
            if task.action in JOBS:
                yield from self._job(machine, task, model_roles)
            else:
                yield from self._task(machine, task)

    def _job(self, machine: Resource, task: Task, model_roles: list[Resource]) -> Iterator[Arrow]:
        node = job_node(machine, task.name, task.action)
        self.jobs.append(node)
        yield Arrow(node_id(machine), node.id, "start")
        for name, value in task.parameters.items():
            for used in task.uses_of(value):
                if used.type != _BUCKET:
                    continue
                if "Output" in name:
                    yield Arrow(node.id, node_id(used), "data")
                else:
                    yield Arrow(node_id(used), node.id, "data")
        roles = [used for used in task.uses if used.type == ROLE]
        yield from self._by_policy(node.id, roles or model_roles)

    def _task(self, machine: Resource, task: Task) -> Iterator[Arrow]:
        targets = [used for used in task.uses if node_of(used)]
        targets += [
            resource
            for name, value in task.parameters.items()
            if isinstance(value, str)
            for resource in self._named.get((name, value), [])
            if resource.type == _SERVICES.get(task.service)
        ]
        for target in targets:
            match task.service, task.action:
                case "glue" | "lambda" | "states", _ if target.type in (
                    _GLUE_JOB,
                    _FUNCTION,
                    MACHINE,
                ):
                    yield _arrow(machine, target, "start")
                case "sns", _:
                    yield _arrow(machine, target, "tell")
                case (("s3" | "ssm" | "dynamodb" | "sqs" | "sagemaker"), action):
                    if action.startswith(("get", "list", "head", "describe", "receive", "query")):
                        yield _arrow(target, machine)
                    else:
                        yield _arrow(machine, target)

    def _rule(self, rule: Resource) -> Iterator[Arrow]:
        pattern = rule.properties.get("EventPattern")
        yield from self._from(pattern, rule, rule, "start")
        for name, wanted in (pattern or {}).get("detail", {}).items():
            for value in as_list(wanted):
                for resource in self._named.get((name, value), []) if value is str(value) else []:
                    yield _arrow(resource, rule, "start")
        for target in as_list(rule.properties.get("Targets")):
            yield from self._to(rule, target.get("Arn"), "start")

    def _endpoint(self, endpoint: Resource) -> Iterator[Arrow]:
        for config in self._values.uses(endpoint, endpoint.properties.get("EndpointConfigName")):
            for name in ("ProductionVariants", "ShadowProductionVariants"):
                yield from self._from(config.properties.get(name), config, endpoint)
            for name in ("DataCaptureConfig", "AsyncInferenceConfig"):
                for bucket in self._values.uses(config, config.properties.get(name)):
                    yield _arrow(endpoint, bucket)

    def _model(self, model: Resource) -> Iterator[Arrow]:
        parameters = self._values.stack_of(model).part("Parameters")
        for container in [
            model.properties.get("PrimaryContainer"),
            *as_list(model.properties.get("Containers")),
        ]:
            yield from self._from(container, model, model)
            package = (container or {}).get("ModelPackageName")
            name = package.get("Ref") if isinstance(package, Mapping) else None
            read = parameters.get(name, {}) if name else {}
            if str(read.get("Type", "")).startswith("AWS::SSM::Parameter"):
                for parameter in self._named.get(("Name", str(read.get("Default"))), []):
                    yield _arrow(parameter, model)
        for role in self._values.uses(model, model.properties.get("ExecutionRoleArn")):
            for arrow in self._by_policy(node_id(model), [role]):
                if arrow.target == node_id(model):  # what it writes, its endpoint writes
                    yield arrow

    def _alarm(self, alarm: Resource) -> Iterator[Arrow]:
        for name in ("AlarmActions", "OKActions", "InsufficientDataActions"):
            yield from self._to(alarm, alarm.properties.get(name), "tell")
        senders = list(self._senders(alarm.properties.get("Namespace")))
        for sender in senders:
            yield _arrow(sender, alarm)
        for dimension in [] if senders else as_list(alarm.properties.get("Dimensions")):
            value = dimension.get("Value")
            yield from self._from(value, alarm, alarm)
            for name in (dimension.get("Name"), f"{dimension.get('Name')}Name"):
                for resource in self._named.get((str(name), str(value)), []):
                    yield _arrow(resource, alarm)

    def _senders(self, namespace: Any) -> Iterator[Resource]:
        """Jobs and functions that may write this namespace of metrics and no other."""
        for resource in self._assembly.of_type(_FUNCTION, _GLUE_JOB):
            for role in self._values.uses(resource, resource.properties.get("Role")):
                for statement in self._statements(role):
                    condition = self._values.text(role, statement.get("Condition", {}))
                    actions = as_list(statement.get("Action"))
                    if _PUT_METRIC in actions and f'"{namespace}"' in condition:
                        yield resource

    def _subscription(self, subscription: Resource) -> Iterator[Arrow]:
        for topic in self._values.uses(subscription, subscription.properties.get("TopicArn")):
            for target in self._values.uses(subscription, subscription.properties.get("Endpoint")):
                yield _arrow(topic, target, "tell")

    def _by_policy(self, node: str, roles: list[Resource]) -> Iterator[Arrow]:
        for role in roles:
            for statement in self._statements(role):
                if statement.get("Effect") != "Allow":
                    continue
                allowed = [str(action) for action in as_list(statement.get("Action"))]
                reads = any(_allows(allowed, action) for action in _READS)
                flows = [flow for action, flow in _WRITES.items() if _allows(allowed, action)]
                for used in self._meant(role, statement.get("Resource")):
                    if reads:
                        yield Arrow(node_id(used), node, "data")
                    for flow in flows:
                        yield Arrow(node, node_id(used), flow)

    def _statements(self, role: Resource) -> Iterator[Mapping[str, Any]]:
        for _, document in self._policies.get(role.key, []):
            yield from as_list((document or {}).get("Statement"))

    def _meant(self, role: Resource, value: Any) -> Iterator[Resource]:
        """Resources that a policy refers to, or names in an ARN that is written out."""
        for item in as_list(value):
            yield from self._values.uses(role, item)
            text = self._values.text(role, item)
            for (_, name), resources in self._named.items():
                for resource in resources:
                    start = _IN_ARN.get(resource.type)
                    if start and text.endswith(f"{start}{name}"):
                        yield resource

    def _from(
        self, value: Any, where: Resource, target: Resource, flow: Flow = "data"
    ) -> Iterator[Arrow]:
        for used in self._values.uses(where, value):
            yield _arrow(used, target, flow)

    def _to(self, source: Resource, value: Any, flow: Flow) -> Iterator[Arrow]:
        for used in self._values.uses(source, value):
            yield _arrow(source, used, flow)


def _allows(patterns: list[str], action: str) -> bool:
    """Whether a policy's actions, which may be patterns, have this one among them."""
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def _arrow(source: Resource, target: Resource, flow: Flow = "data") -> Arrow:
    return Arrow(node_id(source), node_id(target), flow)
