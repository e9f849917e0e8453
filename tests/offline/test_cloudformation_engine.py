"""Stacks through the API: create, update, replace, roll back, retain, exports, policies."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.s3.models import s3_backends

from penstock.localcloud.cloudformation.resource import ResourceContext
from penstock.localcloud.cloudformation.types import kinesis
from penstock.localcloud.ledger import Life
from tests.offline.cloudformation_lab import CloudFormationLab

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("cloudformation")]

IMAGE = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"
UPDATE_PREVIOUS = [{"ParameterKey": "Model", "UsePreviousValue": True}]


@pytest.fixture
def lab(stacks_lab: CloudFormationLab) -> CloudFormationLab:
    return stacks_lab


def queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def parameter(value: Any, **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Value": value, **properties},
    }


def resources(**definitions: Any) -> dict[str, Any]:
    return {"Resources": definitions}


# putting a policy on a topic that does not exist is refused by SNS
BROKEN = {
    "Type": "AWS::SNS::TopicPolicy",
    "Properties": {
        "Topics": ["arn:aws:sns:us-east-1:123456789012:no-such-topic"],
        "PolicyDocument": {},
    },
}


def queues(lab: CloudFormationLab) -> set[str]:
    return set(lab.cloud.client("sqs").list_queues().get("QueueUrls", []))


class TestCreate:
    def test_answers_before_the_work_is_done(self, lab: CloudFormationLab) -> None:
        answer = lab.api.create_stack(
            StackName="s", TemplateBody=json.dumps(resources(Q=queue(), P=parameter("x")))
        )
        status = lab.api.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"]
        assert status in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE")
        assert lab.settled(answer["StackId"])["StackStatus"] == "CREATE_COMPLETE"
        assert lab.history()[0] == "s CREATE_IN_PROGRESS"
        assert lab.history()[-1] == "s CREATE_COMPLETE"

    def test_bucket_keeps_every_setting(self, lab: CloudFormationLab) -> None:
        bucket = {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {
                            "BucketKeyEnabled": True,
                            "ServerSideEncryptionByDefault": {
                                "SSEAlgorithm": "aws:kms",
                                "KMSMasterKeyID": "arn:aws:kms:us-east-1:123456789012:key/k",
                            },
                        }
                    ]
                },
                "VersioningConfiguration": {"Status": "Enabled"},
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": "true",
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
                "LifecycleConfiguration": {
                    "Rules": [
                        {
                            "Id": "old",
                            "Status": "Enabled",
                            "Prefix": "records/",
                            "ExpirationInDays": 90,
                            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                            "Transitions": [
                                {"StorageClass": "STANDARD_IA", "TransitionInDays": 30}
                            ],
                            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                        }
                    ]
                },
                "LoggingConfiguration": {
                    "DestinationBucketName": {"Ref": "Logs"},
                    "LogFilePrefix": "lake/",
                },
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "NotificationConfiguration": {
                    "EventBridgeConfiguration": {"EventBridgeEnabled": True}
                },
                "Tags": [{"Key": "pipeline", "Value": "digits"}],
            },
        }
        logs = {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
                "BucketName": "the-access-logs",
            },
        }
        allowed = {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Logs"},
                "PolicyDocument": {
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "s3:PutObject",
                            "Resource": {"Fn::Sub": "${Logs.Arn}/*"},
                            "Principal": {"Service": "logging.s3.amazonaws.com"},
                        }
                    ]
                },
            },
        }
        bucket["DependsOn"] = "Allowed"
        lab.create(resources(Lake=bucket, Logs=logs, Allowed=allowed))
        assert lab.failures() == []
        s3, name = lab.cloud.client("s3"), lab.physical()["Lake"]
        assert name.startswith("s-lake-")
        (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"][
            "Rules"
        ]
        assert rule["BucketKeyEnabled"] is True
        assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
        block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        assert set(block.values()) == {True}
        (lifecycle,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        assert lifecycle["Expiration"] == {"Days": 90}
        assert lifecycle["Filter"] == {"Prefix": "records/"}
        assert lifecycle["Transitions"] == [{"Days": 30, "StorageClass": "STANDARD_IA"}]
        assert lifecycle["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
        logging = s3.get_bucket_logging(Bucket=name)["LoggingEnabled"]
        assert (logging["TargetBucket"], logging["TargetPrefix"]) == ("the-access-logs", "lake/")
        owner = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]
        assert owner == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        tags = s3.get_bucket_tagging(Bucket=name)["TagSet"]
        assert tags == [{"Key": "pipeline", "Value": "digits"}]
        # moto sends the events, but leaves the setting out of GetBucketNotificationConfiguration
        stored = s3_backends["123456789012"]["aws"].get_bucket(name)
        assert stored.notification_configuration.event_bridge == {}

    def test_stack_tags_reach_the_resources(self, lab: CloudFormationLab) -> None:
        template = resources(Q=queue(Tags=[{"Key": "own", "Value": "1"}]))
        lab.create(template, Tags=[{"Key": "team", "Value": "ml"}, {"Key": "own", "Value": "2"}])
        tags = lab.cloud.client("sqs").list_queue_tags(QueueUrl=lab.physical()["Q"])["Tags"]
        assert tags == {"own": "1", "team": "ml"}

    def test_state_machine_executes(self, lab: CloudFormationLab) -> None:
        machine = {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": lab.cloud.role_arn,
                "DefinitionString": {
                    "Fn::Join": [
                        "",
                        [
                            '{"StartAt":"P","States":{"P":{"Type":"Pass","Result":{"region":"',
                            {"Ref": "AWS::Region"},
                            '"},"End":true}}}',
                        ],
                    ]
                },
            },
        }
        lab.create(resources(M=machine))
        machines = lab.cloud.client("stepfunctions")
        execution = machines.start_execution(stateMachineArn=lab.physical()["M"])
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            answer = machines.describe_execution(executionArn=execution["executionArn"])
            if answer["status"] != "RUNNING":
                break
            time.sleep(0.05)
        assert answer["status"] == "SUCCEEDED"
        assert json.loads(answer["output"]) == {"region": "us-east-1"}

    def test_failure_deletes_what_was_made(self, lab: CloudFormationLab) -> None:
        template = resources(Q=queue(), Bad={**BROKEN, "DependsOn": "Q"})
        stack = lab.create(template)
        assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
        assert "[Bad]" in stack["StackStatusReason"]
        assert any(line.startswith("Bad: NotFound") for line in lab.failures())
        assert queues(lab) == set()
        assert lab.cloud.context.ledger.entries() == []
        with pytest.raises(ClientError, match="ROLLBACK_COMPLETE state and can not be updated"):
            lab.update(resources(Q=queue()))

    def test_half_made_resource_is_deleted_too(self, lab: CloudFormationLab) -> None:
        role = {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
                "RoleName": "half",
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/NoSuchPolicy"],
            },
        }
        assert lab.create(resources(R=role))["StackStatus"] == "ROLLBACK_COMPLETE"
        roles = lab.cloud.client("iam").list_roles()["Roles"]
        assert "half" not in {known["RoleName"] for known in roles}

    def test_do_nothing_keeps_what_was_made(self, lab: CloudFormationLab) -> None:
        template = resources(Q=queue(), Bad={**BROKEN, "DependsOn": "Q"})
        assert lab.create(template, OnFailure="DO_NOTHING")["StackStatus"] == "CREATE_FAILED"
        assert len(queues(lab)) == 1

    @pytest.mark.parametrize(
        ("template", "words"),
        [
            (resources(X={"Type": "AWS::Mars::Rover"}), r"AWS::Mars::Rover \(X\)"),
            (resources(Q=queue(Colour="red")), r"\[Colour\] of AWS::SQS::Queue"),
            (resources(Q=queue(QueueName={"Fn::Magic": "x"})), None),
            (resources(Q=queue(QueueName={"Ref": "Nobody"})), r"\[Nobody\]"),
            (
                resources(A=queue(QueueName={"Ref": "B"}), B=queue(QueueName={"Fn::Sub": "${A}"})),
                r"Circular dependency between resources: \[A, B\]",
            ),
        ],
    )
    def test_wrong_template_creates_nothing(
        self, lab: CloudFormationLab, template: dict[str, Any], words: str | None
    ) -> None:
        if words is None:
            stack = lab.create(template)
            assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
            assert "Fn::Magic" in stack["StackStatusReason"]
        else:
            with pytest.raises(ClientError, match=words):
                lab.create(template)
            assert lab.api.describe_stacks()["Stacks"] == []

    def test_wrong_property_inside_is_named_with_its_path(self, lab: CloudFormationLab) -> None:
        rule = {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "ScheduleExpression": "rate(1 hour)",
                "Targets": [{"Id": "t", "Arn": "arn:aws:sns:us-east-1:1:t", "Speed": 5}],
            },
        }
        stack = lab.create(resources(R=rule))
        assert "PutTargets.Targets[0].Speed" in stack["StackStatusReason"]

    def test_iam_needs_its_capability(self, lab: CloudFormationLab) -> None:
        role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}}
        for capabilities in ([], ["CAPABILITY_IAM"]):
            with pytest.raises(ClientError, match="CAPABILITY_NAMED_IAM") as refused:
                lab.api.create_stack(
                    StackName="s",
                    TemplateBody=json.dumps(resources(R=role)),
                    Capabilities=capabilities,
                )
            assert refused.value.response["Error"]["Code"] == "InsufficientCapabilitiesException"

    def test_name_that_is_taken(self, lab: CloudFormationLab) -> None:
        lab.create(resources(P=parameter("x")))
        with pytest.raises(ClientError) as refused:
            lab.create(resources(P=parameter("x")))
        assert refused.value.response["Error"]["Code"] == "AlreadyExistsException"

    def test_life_and_unsupported_properties_are_in_the_ledger(
        self, lab: CloudFormationLab
    ) -> None:
        mail = {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": {"Ref": "T"},
                "Protocol": "email",
                "Endpoint": "a@b.c",
                "Region": "us-east-1",
            },
        }
        lab.create(resources(T={"Type": "AWS::SNS::Topic"}, Mail=mail))
        entries = {entry.resource: entry for entry in lab.cloud.context.ledger.entries()}
        assert entries["s/T"].life is Life.LIVE
        assert entries["s/Mail"].life is Life.API_ONLY
        assert entries["s/Mail"].notes == ("Region: there is one region here",)

    def test_settings_that_are_kept_but_not_carried_out_are_in_the_ledger(
        self, lab: CloudFormationLab
    ) -> None:
        bucket = {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "LifecycleConfiguration": {
                    "Rules": [{"Status": "Enabled", "Prefix": "a/", "ExpirationInDays": 1}]
                }
            },
        }
        lab.create(resources(Lake=bucket, Plain={"Type": "AWS::S3::Bucket"}))
        entries = {entry.resource: entry for entry in lab.cloud.context.ledger.entries()}
        assert entries["s/Lake"].life is Life.LIVE
        assert entries["s/Lake"].notes == ("LifecycleConfiguration: nothing expires here",)
        assert entries["s/Plain"].notes == ()


class TestUpdate:
    def test_nothing_to_do_is_refused_and_changes_nothing(self, lab: CloudFormationLab) -> None:
        template = resources(Q=queue(VisibilityTimeout=30), P=parameter({"Ref": "Q"}))
        lab.create(template)
        before = lab.physical(), lab.history()
        template["Resources"]["Q"]["Properties"]["VisibilityTimeout"] = "30"  # the same as text
        for given in (template, None):
            with pytest.raises(ClientError, match="No updates are to be performed"):
                lab.update(given)
        assert (lab.physical(), lab.history()) == before

    def test_in_place_change_keeps_the_resource(self, lab: CloudFormationLab) -> None:
        lab.create(resources(Q=queue(VisibilityTimeout=30)))
        url = lab.physical()["Q"]
        assert lab.update(resources(Q=queue(VisibilityTimeout=40)))["StackStatus"] == (
            "UPDATE_COMPLETE"
        )
        assert lab.physical()["Q"] == url
        sqs = lab.cloud.client("sqs")
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert attributes["VisibilityTimeout"] == "40"

    def test_property_that_is_gone_gets_its_default(self, lab: CloudFormationLab) -> None:
        lab.create(resources(Q=queue(VisibilityTimeout=40, DelaySeconds=5)))
        lab.update(resources(Q=queue(DelaySeconds=5)))
        attributes = lab.cloud.client("sqs").get_queue_attributes(
            QueueUrl=lab.physical()["Q"], AttributeNames=["All"]
        )["Attributes"]
        assert (attributes["VisibilityTimeout"], attributes["DelaySeconds"]) == ("30", "5")

    def test_replacement_comes_before_the_clean_up(self, lab: CloudFormationLab) -> None:
        def template(name: str) -> dict[str, Any]:
            return resources(Q=queue(QueueName=name), P=parameter({"Fn::GetAtt": ["Q", "Arn"]}))

        lab.create(template("one"))
        parameter_name = lab.physical()["P"]
        lab.update(template("two"))
        assert {url.rsplit("/", 1)[1] for url in queues(lab)} == {"two"}
        value = lab.cloud.client("ssm").get_parameter(Name=parameter_name)["Parameter"]["Value"]
        assert value.endswith(":two")
        history = lab.history()
        cleaning = history.index("s UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        assert history.index("Q DELETE_COMPLETE") > cleaning > history.index("P UPDATE_COMPLETE")
        statuses = lab.api.describe_stack_resources(StackName="s")["StackResources"]
        assert {r["ResourceStatus"] for r in statuses} == {"UPDATE_COMPLETE"}

    def test_generated_name_changes_with_a_replacement(self, lab: CloudFormationLab) -> None:
        fifo = {"FifoQueue": True}
        lab.create(resources(Q=queue()))
        first = lab.physical()["Q"]
        lab.update(resources(Q=queue(**fifo)))
        second = lab.physical()["Q"]
        assert second != first
        assert second.endswith(".fifo")
        assert queues(lab) == {second}

    def test_named_resource_cannot_be_replaced(self, lab: CloudFormationLab) -> None:
        group = {
            "Type": "AWS::SageMaker::ModelPackageGroup",
            "Properties": {"ModelPackageGroupName": "g", "ModelPackageGroupDescription": "a"},
        }
        lab.create(resources(G=group))
        changed = json.loads(json.dumps(group))
        changed["Properties"]["ModelPackageGroupDescription"] = "b"
        stack = lab.update(resources(G=changed))
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert any("custom-named resource requires replacing" in f for f in lab.failures())

    def test_removed_resource_is_deleted_and_forgotten(self, lab: CloudFormationLab) -> None:
        lab.create(resources(Q=queue(), P=parameter("x")))
        lab.update(resources(P=parameter("x")))
        assert queues(lab) == set()
        assert [e.resource for e in lab.cloud.context.ledger.entries()] == ["s/P"]

    def test_failure_brings_the_old_state_back(self, lab: CloudFormationLab) -> None:
        lab.create(resources(Q=queue(VisibilityTimeout=30), R=queue(QueueName="old")))
        before = lab.physical()
        stack = lab.update(
            resources(
                Q=queue(VisibilityTimeout=50),
                R=queue(QueueName="new"),
                Extra=queue(),
                Bad={**BROKEN, "DependsOn": ["Q", "R", "Extra"]},
            )
        )
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert "[Bad]" in stack["StackStatusReason"]
        assert lab.physical() == before
        assert queues(lab) == set(before.values())
        attributes = lab.cloud.client("sqs").get_queue_attributes(
            QueueUrl=before["Q"], AttributeNames=["All"]
        )["Attributes"]
        assert attributes["VisibilityTimeout"] == "30"
        assert {e.resource for e in lab.cloud.context.ledger.entries()} == {"s/Q", "s/R"}
        # and the stack can be updated again
        assert lab.update(resources(Q=queue()))["StackStatus"] == "UPDATE_COMPLETE"

    def test_stack_that_is_busy_refuses_an_update(
        self, lab: CloudFormationLab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ready = threading.Event()

        def stable(self: Any, context: ResourceContext, name: str, properties: Any) -> bool:
            return ready.is_set()

        stream = {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}}
        lab.create(resources(P=parameter("x")))
        monkeypatch.setattr(kinesis.Stream, "is_stable", stable)
        lab.api.update_stack(
            StackName="s", TemplateBody=json.dumps(resources(P=parameter("x"), S=stream))
        )
        expected = r"Stack:arn:.* is in UPDATE_IN_PROGRESS state and can not be updated\."
        with pytest.raises(ClientError, match=expected) as refused:
            lab.update(resources(P=parameter("y")))
        assert refused.value.response["Error"]["Code"] == "ValidationError"
        ready.set()
        stack_id = lab.api.describe_stacks(StackName="s")["Stacks"][0]["StackId"]
        assert lab.settled(stack_id)["StackStatus"] == "UPDATE_COMPLETE"

    def test_new_tags_alone_are_an_update(self, lab: CloudFormationLab) -> None:
        lab.create(resources(Q=queue()), Tags=[{"Key": "a", "Value": "1"}])
        stack = lab.update(Tags=[{"Key": "a", "Value": "2"}])
        assert stack["Tags"] == [{"Key": "a", "Value": "2"}]
        tags = lab.cloud.client("sqs").list_queue_tags(QueueUrl=lab.physical()["Q"])["Tags"]
        assert tags == {"a": "2"}

    def test_function_gets_new_code_and_settings_in_place(self, lab: CloudFormationLab) -> None:
        def function(word: str, **properties: Any) -> dict[str, Any]:
            return {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Code": {"ZipFile": f"def handler(event, context):\n    return {word!r}\n"},
                    "Handler": "index.handler",
                    "Runtime": "python3.13",
                    "Role": lab.cloud.role_arn,
                    **properties,
                },
            }

        functions = lab.cloud.client("lambda")
        lab.create(resources(F=function("a", Timeout=20)))
        name = lab.physical()["F"]
        first = functions.get_function_configuration(FunctionName=name)
        lab.update(resources(F=function("b", MemorySize="256")))
        second = functions.get_function_configuration(FunctionName=name)
        assert first["CodeSha256"] != second["CodeSha256"]
        assert (first["Timeout"], second["Timeout"], second["MemorySize"]) == (20, 3, 256)


class TestDelete:
    def test_retained_resources_stay(self, lab: CloudFormationLab) -> None:
        kept = {**queue(QueueName="kept"), "DeletionPolicy": "Retain"}
        lab.create(resources(Kept=kept, Gone=queue(QueueName="gone")))
        stack = lab.delete()
        assert stack["StackStatus"] == "DELETE_COMPLETE"
        assert {url.rsplit("/", 1)[1] for url in queues(lab)} == {"kept"}
        assert "Kept DELETE_SKIPPED" in lab.history(stack["StackId"])

    def test_replaced_resource_stays_by_its_own_policy(self, lab: CloudFormationLab) -> None:
        def template(name: str) -> dict[str, Any]:
            return resources(Q={**queue(QueueName=name), "UpdateReplacePolicy": "Retain"})

        lab.create(template("one"))
        lab.update(template("two"))
        assert {url.rsplit("/", 1)[1] for url in queues(lab)} == {"one", "two"}
        lab.delete()
        assert {url.rsplit("/", 1)[1] for url in queues(lab)} == {"one"}

    def test_bucket_with_objects_fails_the_deletion(self, lab: CloudFormationLab) -> None:
        lab.create(resources(B={"Type": "AWS::S3::Bucket"}, Q=queue()))
        name = lab.physical()["B"]
        s3 = lab.cloud.client("s3")
        s3.put_object(Bucket=name, Key="x", Body=b"x")
        stack = lab.delete()
        assert stack["StackStatus"] == "DELETE_FAILED"
        assert "[B]" in stack["StackStatusReason"]
        assert any("BucketNotEmpty" in line for line in lab.failures())
        s3.delete_object(Bucket=name, Key="x")
        assert lab.delete()["StackStatus"] == "DELETE_COMPLETE"

    def test_dependants_go_first(self, lab: CloudFormationLab) -> None:
        lab.create(resources(Q=queue(), P=parameter({"Ref": "Q"})))
        history = lab.history(lab.delete()["StackId"])
        assert history.index("P DELETE_COMPLETE") < history.index("Q DELETE_IN_PROGRESS")

    def test_deleted_stack_is_found_by_its_id_only(self, lab: CloudFormationLab) -> None:
        lab.create(resources(Q=queue()))
        lab.delete()
        with pytest.raises(ClientError, match="Stack with id s does not exist"):
            lab.api.describe_stacks(StackName="s")
        lab.api.delete_stack(StackName="s")  # no error


class TestParameterBehindACondition:
    """The serving stack in small: the model's ARN comes from an SSM parameter."""

    TEMPLATE = {
        "Parameters": {"Model": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/m"}},
        "Conditions": {"HasModel": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Model"}, "none"]}]}},
        "Resources": {
            "Always": {"Type": "AWS::SQS::Queue"},
            "M": {
                "Type": "AWS::SageMaker::Model",
                "Condition": "HasModel",
                "Properties": {
                    "ExecutionRoleArn": "arn:aws:iam::123456789012:role/worker",
                    "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": {"Ref": "Model"}},
                },
            },
            "C": {
                "Type": "AWS::SageMaker::EndpointConfig",
                "Condition": "HasModel",
                "Properties": {
                    "ProductionVariants": [
                        {
                            "VariantName": "main",
                            "ModelName": {"Fn::GetAtt": ["M", "ModelName"]},
                            "InitialInstanceCount": 1,
                            "InitialVariantWeight": 1,
                            "InstanceType": "ml.m5.large",
                        }
                    ]
                },
            },
            "E": {
                "Type": "AWS::SageMaker::Endpoint",
                "Condition": "HasModel",
                "Properties": {
                    "EndpointName": "digits-dev",
                    "EndpointConfigName": {"Fn::GetAtt": ["C", "EndpointConfigName"]},
                },
            },
        },
        "Outputs": {
            "EndpointName": {"Value": "digits-dev"},
            "ModelName": {
                "Condition": "HasModel",
                "Value": {"Fn::GetAtt": ["M", "ModelName"]},
            },
        },
    }

    def put(self, lab: CloudFormationLab, value: str) -> None:
        lab.cloud.client("ssm").put_parameter(Name="/m", Value=value, Type="String", Overwrite=True)

    def endpoints(self, lab: CloudFormationLab) -> list[str]:
        found = lab.cloud.client("sagemaker").list_endpoints()["Endpoints"]
        return [endpoint["EndpointName"] for endpoint in found]

    def test_endpoint_appears_changes_and_stays(self, lab: CloudFormationLab) -> None:
        self.put(lab, "none")
        stack = lab.create(self.TEMPLATE)
        assert self.endpoints(lab) == []
        assert set(lab.physical()) == {"Always"}
        assert [o["OutputKey"] for o in stack["Outputs"]] == ["EndpointName"]
        with pytest.raises(ClientError, match="No updates are to be performed"):
            lab.update(Parameters=UPDATE_PREVIOUS)

        self.put(lab, "s3://b/one.tar.gz")
        stack = lab.update(Parameters=UPDATE_PREVIOUS)
        assert stack["StackStatus"] == "UPDATE_COMPLETE", lab.failures()
        assert stack["Parameters"] == [
            {
                "ParameterKey": "Model",
                "ParameterValue": "/m",
                "ResolvedValue": "s3://b/one.tar.gz",
            }
        ]
        assert self.endpoints(lab) == ["digits-dev"]
        recorded = {entry.resource for entry in lab.cloud.context.ledger.entries()}
        assert {"s/M", "s/C", "s/E"} <= recorded
        first = lab.physical()

        # a redeploy without any parameter, as `cdk deploy` does it, leaves the endpoint alone
        with pytest.raises(ClientError, match="No updates are to be performed"):
            lab.update(self.TEMPLATE)

        self.put(lab, "s3://b/two.tar.gz")
        assert lab.update(Parameters=UPDATE_PREVIOUS)["StackStatus"] == "UPDATE_COMPLETE"
        second = lab.physical()
        assert first["E"] == second["E"]
        assert first["M"] != second["M"]
        assert [what for what, _ in lab.hosting.deployed] == ["create", "update"]
        models = lab.cloud.client("sagemaker").list_models()["Models"]
        assert [model["ModelArn"] for model in models] == [second["M"]]

    def test_model_that_does_not_start_rolls_back_to_the_one_before(
        self, lab: CloudFormationLab
    ) -> None:
        self.put(lab, "s3://b/one.tar.gz")
        lab.create(self.TEMPLATE)
        before = lab.physical()
        config = lab.cloud.client("sagemaker").describe_endpoint(EndpointName="digits-dev")
        self.put(lab, "s3://b/broken.tar.gz")
        lab.hosting.failure = "the container did not answer /ping"
        answer = lab.api.update_stack(
            StackName="s", UsePreviousTemplate=True, Parameters=UPDATE_PREVIOUS
        )
        while not any(what == "update" for what, _ in lab.hosting.deployed):
            time.sleep(0.01)
        lab.hosting.failure = None
        stack = lab.settled(answer["StackId"])
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert "did not answer /ping" in stack["StackStatusReason"]
        assert lab.physical() == before
        after = lab.cloud.client("sagemaker").describe_endpoint(EndpointName="digits-dev")
        assert after["EndpointStatus"] == "InService"
        assert after["EndpointConfigName"] == config["EndpointConfigName"]
        assert stack["Parameters"][0]["ResolvedValue"] == "s3://b/one.tar.gz"

    def test_endpoint_that_fails_gives_its_reason(self, lab: CloudFormationLab) -> None:
        self.put(lab, "s3://b/one.tar.gz")
        lab.hosting.failure = "no model.tar.gz"
        stack = lab.create(self.TEMPLATE)
        assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
        assert "no model.tar.gz" in stack["StackStatusReason"]
        assert self.endpoints(lab) == []

    def test_missing_parameter_is_refused_at_once(self, lab: CloudFormationLab) -> None:
        with pytest.raises(ClientError, match=r"Unable to fetch parameters \[/m\]"):
            lab.create(self.TEMPLATE)

    def test_stack_policy_keeps_the_endpoint(self, lab: CloudFormationLab) -> None:
        self.put(lab, "s3://b/one.tar.gz")
        lab.create(self.TEMPLATE)
        policy = {
            "Statement": [
                {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
                {
                    "Effect": "Deny",
                    "Action": ["Update:Delete", "Update:Replace"],
                    "Principal": "*",
                    "Resource": "LogicalResourceId/E",
                },
            ]
        }
        lab.api.set_stack_policy(StackName="s", StackPolicyBody=json.dumps(policy))
        self.put(lab, "none")
        stack = lab.update(Parameters=UPDATE_PREVIOUS)
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert "denied by stack policy" in stack["StackStatusReason"]
        assert self.endpoints(lab) == ["digits-dev"]
        self.put(lab, "s3://b/two.tar.gz")
        assert lab.update(Parameters=UPDATE_PREVIOUS)["StackStatus"] == "UPDATE_COMPLETE"


class TestBetweenStacks:
    PRODUCER = {
        **resources(Q=queue(QueueName="shared")),
        "Outputs": {
            "Arn": {"Value": {"Fn::GetAtt": ["Q", "Arn"]}, "Export": {"Name": "shared-arn"}}
        },
    }
    CONSUMER = resources(P=parameter({"Fn::ImportValue": "shared-arn"}))

    def test_import_gives_the_exported_value(self, lab: CloudFormationLab) -> None:
        lab.create(self.PRODUCER, "producer")
        lab.create(self.CONSUMER, "consumer")
        name = lab.physical("consumer")["P"]
        value = lab.cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
        assert value == "arn:aws:sqs:us-east-1:123456789012:shared"
        assert lab.api.list_imports(ExportName="shared-arn")["Imports"] == ["consumer"]
        (export,) = lab.api.list_exports()["Exports"]
        assert (export["Name"], export["Value"]) == ("shared-arn", value)

    def test_export_in_use_can_neither_go_nor_change(self, lab: CloudFormationLab) -> None:
        lab.create(self.PRODUCER, "producer")
        lab.create(self.CONSUMER, "consumer")
        stack = lab.update(resources(Q=queue(QueueName="shared")), "producer")
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        said = "Export shared-arn cannot be deleted as it is in use by consumer"
        assert said in stack["StackStatusReason"]
        renamed = json.loads(json.dumps(self.PRODUCER).replace('"shared"', '"other"'))
        stack = lab.update(renamed, "producer")
        assert "cannot be updated as it is in use by consumer" in stack["StackStatusReason"]
        assert {url.rsplit("/", 1)[1] for url in queues(lab)} == {"shared"}
        assert lab.delete("producer")["StackStatus"] == "DELETE_FAILED"
        lab.delete("consumer")
        assert lab.delete("producer")["StackStatus"] == "DELETE_COMPLETE"

    def test_missing_export_fails_the_stack(self, lab: CloudFormationLab) -> None:
        stack = lab.create(self.CONSUMER, "consumer")
        assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
        assert "No export named shared-arn found" in stack["StackStatusReason"]

    def test_two_stacks_cannot_export_one_name(self, lab: CloudFormationLab) -> None:
        lab.create(self.PRODUCER, "producer")
        again = json.loads(json.dumps(self.PRODUCER).replace('"shared"', '"other"'))
        stack = lab.create(again, "again")
        assert "already exported by stack producer" in stack["StackStatusReason"]


class TestDynamicReferences:
    def value_of(self, lab: CloudFormationLab, reference: Any) -> str:
        stack = lab.create(resources(P=parameter(reference)))
        assert stack["StackStatus"] == "CREATE_COMPLETE", lab.failures()
        ssm = lab.cloud.client("ssm")
        return str(ssm.get_parameter(Name=lab.physical()["P"])["Parameter"]["Value"])

    def refused(self, lab: CloudFormationLab, reference: str) -> str:
        stack = lab.create(resources(Q=queue(), P=parameter(reference)))
        assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
        assert queues(lab) == set()
        return str(stack["StackStatusReason"]) + "; ".join(lab.failures())

    @pytest.fixture
    def word(self, lab: CloudFormationLab) -> CloudFormationLab:
        ssm = lab.cloud.client("ssm")
        for value in ("one", "two"):
            ssm.put_parameter(Name="/word", Value=value, Type="String", Overwrite=True)
        ssm.put_parameter(Name="/secret", Value="quiet", Type="SecureString")
        secrets = lab.cloud.client("secretsmanager")
        secrets.create_secret(Name="login", SecretString='{"user": "me", "port": 5432}')
        return lab

    @pytest.mark.parametrize(
        ("reference", "value"),
        [
            ("{{resolve:ssm:/word}}", "two"),
            ("{{resolve:ssm:/word:1}}", "one"),
            ("a {{resolve:ssm:/word:1}} b {{resolve:ssm:/word:2}}", "a one b two"),
            ({"Fn::Sub": "{{resolve:ssm:${Name}}}"}, "two"),
            ("{{resolve:secretsmanager:login:SecretString:user}}", "me"),
            ("{{resolve:secretsmanager:login:SecretString:port}}", "5432"),
            ("{{resolve:secretsmanager:login}}", '{"user": "me", "port": 5432}'),
        ],
    )
    def test_stands_for_what_the_service_has(
        self, word: CloudFormationLab, reference: Any, value: str
    ) -> None:
        if isinstance(reference, dict):
            template = {
                "Parameters": {"Name": {"Type": "String", "Default": "/word"}},
                **resources(P=parameter(reference)),
            }
            word.create(template)
            name = word.physical()["P"]
            found = word.cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
        else:
            found = self.value_of(word, reference)
        assert found == value

    @pytest.mark.parametrize(
        ("reference", "words"),
        [
            ("{{resolve:ssm:/nobody}}", "ParameterNotFound"),
            ("{{resolve:ssm:/word:9}}", "ParameterVersionNotFound"),
            ("{{resolve:ssm:/secret}}", "/secret is a SecureString"),
            ("{{resolve:ssm-secure:/secret}}", "SSM Secure reference is not supported"),
            ("{{resolve:secretsmanager:nobody}}", "ResourceNotFound"),
            ("{{resolve:vault:x}}", "dynamic reference"),
        ],
    )
    def test_what_cannot_be_read_is_named_and_nothing_is_left(
        self, word: CloudFormationLab, reference: str, words: str
    ) -> None:
        assert words in self.refused(word, reference)


class TestChangeSets:
    def test_change_set_creates_and_updates(self, lab: CloudFormationLab) -> None:
        first, second = resources(Q=queue()), resources(Q=queue(DelaySeconds=5), P=parameter("x"))
        made = lab.api.create_change_set(
            StackName="s",
            ChangeSetName="one",
            ChangeSetType="CREATE",
            TemplateBody=json.dumps(first),
        )
        status = lab.api.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"]
        assert status == "REVIEW_IN_PROGRESS"
        assert queues(lab) == set()
        lab.api.execute_change_set(ChangeSetName=made["Id"])
        assert lab.settled(made["StackId"])["StackStatus"] == "CREATE_COMPLETE"

        lab.api.create_change_set(
            StackName="s", ChangeSetName="two", TemplateBody=json.dumps(second)
        )
        described = lab.api.describe_change_set(StackName="s", ChangeSetName="two")
        changes = {
            (c["ResourceChange"]["Action"], c["ResourceChange"]["LogicalResourceId"])
            for c in described["Changes"]
        }
        assert changes == {("Modify", "Q"), ("Add", "P")}
        lab.api.execute_change_set(StackName="s", ChangeSetName="two")
        assert lab.settled(made["StackId"])["StackStatus"] == "UPDATE_COMPLETE"

    def test_change_set_without_changes_fails(self, lab: CloudFormationLab) -> None:
        lab.create(resources(Q=queue()))
        lab.api.create_change_set(
            StackName="s", ChangeSetName="none", TemplateBody=json.dumps(resources(Q=queue()))
        )
        described = lab.api.describe_change_set(StackName="s", ChangeSetName="none")
        assert described["Status"] == "FAILED"
        assert "didn't contain changes" in described["StatusReason"]
