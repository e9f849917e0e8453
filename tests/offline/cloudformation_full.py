"""A template that asks for every property that the local cloud takes, of every type."""

from __future__ import annotations

from typing import Any

from tests.offline.cloudformation_zoo import PASS_STATE, POLICY, TRUST, att, ref

TAGS = [{"Key": "team", "Value": "ml"}, {"Key": "cost", "Value": "42"}]
TAG_MAP = {"team": "ml", "cost": "42"}
IMAGE = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"
ACCOUNT = ref("AWS::AccountId")
# texts of functions, asked for where ${...} is not the template's
KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "kms:*",
            "Principal": {
                "AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"},
                "Service": [
                    {"Fn::Sub": "logs.${AWS::Region}.amazonaws.com"},
                    "cloudwatch.amazonaws.com",
                    "events.amazonaws.com",
                ],
            },
            "Resource": "*",
        }
    ],
}
SEND = {"Effect": "Allow", "Action": "sqs:SendMessage", "Principal": "*", "Resource": "*"}
ENDPOINT = {"Fn::GetAtt": ["Endpoint", "EndpointName"]}


def full() -> dict[str, Any]:
    """Every property of every type, some in several resources."""
    resources = {
        **_keys_and_policies(),
        **_buckets(),
        **_streams(),
        **_queues_and_topics(),
        **_logs_and_alarms(),
        **_functions(),
        **_data_catalog(),
        **_tables_and_parameters(),
        **_orchestration(),
        **_models(),
        **_monitoring(),
        **_scaling_and_budgets(),
    }
    return {
        "Resources": {
            name: {"Type": f"AWS::{kind}", "Properties": properties}
            for name, (kind, properties) in resources.items()
        }
    }


Resources = dict[str, tuple[str, dict[str, Any]]]


def _keys_and_policies() -> Resources:
    return {
        "Key": (
            "KMS::Key",
            {
                "BypassPolicyLockoutSafetyCheck": True,
                "Description": "of the data",
                "EnableKeyRotation": True,
                "Enabled": True,
                "KeyPolicy": KEY_POLICY,
                "KeySpec": "SYMMETRIC_DEFAULT",
                "KeyUsage": "ENCRYPT_DECRYPT",
                "MultiRegion": False,
                "Origin": "AWS_KMS",
                "PendingWindowInDays": 7,
                "RotationPeriodInDays": 180,
                "Tags": TAGS,
            },
        ),
        "DisabledKey": ("KMS::Key", {"Enabled": False, "KeyPolicy": KEY_POLICY}),
        "Alias": ("KMS::Alias", {"AliasName": "alias/full", "TargetKeyId": att("Key")}),
        "Boundary": (
            "IAM::ManagedPolicy",
            {
                "Description": "what a role may have at most",
                "Groups": [],
                "ManagedPolicyName": "full-boundary",
                "Path": "/full/",
                "PolicyDocument": POLICY,
                "Roles": [],
                "Users": [],
            },
        ),
        "Role": (
            "IAM::Role",
            {
                "AssumeRolePolicyDocument": TRUST,
                "Description": "of everything here",
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
                "MaxSessionDuration": 7200,
                "Path": "/full/",
                "PermissionsBoundary": ref("Boundary"),
                "Policies": [
                    {"PolicyName": "one", "PolicyDocument": POLICY},
                    {"PolicyName": "two", "PolicyDocument": {**POLICY, "Id": "two"}},
                ],
                "RoleName": "full-role",
                "Tags": TAGS,
            },
        ),
        "RolePolicy": (
            "IAM::Policy",
            {
                "PolicyDocument": POLICY,
                "PolicyName": "three",
                "Roles": [ref("Role")],
                "Users": [],
                "Groups": [],
            },
        ),
        "AttachedPolicy": (
            "IAM::ManagedPolicy",
            {"PolicyDocument": POLICY, "Roles": [ref("Role")]},
        ),
    }


def _buckets() -> Resources:
    rules = [
        {
            "Id": "everything",
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            "ExpirationInDays": 365,
            "NoncurrentVersionExpiration": {
                "NoncurrentDays": 30,
                "NewerNoncurrentVersions": 2,
            },
            "NoncurrentVersionTransitions": [
                {"StorageClass": "GLACIER", "TransitionInDays": 10, "NewerNoncurrentVersions": 1}
            ],
            "Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 30}],
        },
        {
            "Id": "some",
            "Status": "Disabled",
            "Prefix": "raw/",
            "TagFilters": [{"Key": "keep", "Value": "no"}],
            "ObjectSizeGreaterThan": 100,
            "ObjectSizeLessThan": "100000",
            "ExpirationDate": "2030-01-01T00:00:00Z",
        },
        {"Id": "markers", "Status": "Enabled", "Prefix": "x/", "ExpiredObjectDeleteMarker": True},
    ]
    key_filter = {"S3Key": {"Rules": [{"Name": "prefix", "Value": "raw/"}]}}
    return {
        "AccessLogs": (
            "S3::Bucket",
            {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}},
        ),
        "AccessLogsPolicy": (
            "S3::BucketPolicy",
            {
                "Bucket": ref("AccessLogs"),
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "s3:PutObject",
                            "Principal": {"Service": "logging.s3.amazonaws.com"},
                            "Resource": {"Fn::Sub": "${AccessLogs.Arn}/*"},
                        }
                    ],
                },
            },
        ),
        "Bucket": (
            "S3::Bucket",
            {
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {
                            "BucketKeyEnabled": True,
                            "ServerSideEncryptionByDefault": {
                                "SSEAlgorithm": "aws:kms",
                                "KMSMasterKeyID": att("Key"),
                            },
                        }
                    ]
                },
                "BucketName": "full-bucket",
                "CorsConfiguration": {
                    "CorsRules": [
                        {
                            "AllowedHeaders": ["*"],
                            "AllowedMethods": ["GET"],
                            "AllowedOrigins": ["https://example.com"],
                            "ExposedHeaders": ["ETag"],
                            "Id": "one",
                            "MaxAge": 300,
                        }
                    ]
                },
                "LifecycleConfiguration": {"Rules": rules},
                "LoggingConfiguration": {
                    "DestinationBucketName": ref("AccessLogs"),
                    "LogFilePrefix": "full/",
                },
                "NotificationConfiguration": {
                    "EventBridgeConfiguration": {"EventBridgeEnabled": True},
                    "QueueConfigurations": [
                        {
                            "Event": "s3:ObjectCreated:*",
                            "Queue": att("Queue"),
                            "Filter": key_filter,
                        }
                    ],
                },
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": False,
                    "RestrictPublicBuckets": True,
                },
                "Tags": TAGS,
                "VersioningConfiguration": {"Status": "Enabled"},
            },
        ),
    }


def _streams() -> Resources:
    return {
        "Stream": (
            "Kinesis::Stream",
            {
                "Name": "full-stream",
                "RetentionPeriodHours": 72,
                "ShardCount": 2,
                "StreamEncryption": {"EncryptionType": "KMS", "KeyId": ref("Key")},
                "StreamModeDetails": {"StreamMode": "PROVISIONED"},
                "Tags": TAGS,
            },
        ),
        "OnDemand": (
            "Kinesis::Stream",
            {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}},
        ),
        "Delivery": (
            "KinesisFirehose::DeliveryStream",
            {
                "DeliveryStreamName": "full-delivery",
                "DeliveryStreamType": "KinesisStreamAsSource",
                "KinesisStreamSourceConfiguration": {
                    "KinesisStreamARN": att("Stream"),
                    "RoleARN": att("Role"),
                },
                "ExtendedS3DestinationConfiguration": _destination(),
                "Tags": TAGS,
            },
        ),
        "DirectDelivery": (
            "KinesisFirehose::DeliveryStream",
            {
                "DeliveryStreamEncryptionConfigurationInput": {
                    "KeyARN": att("Key"),
                    "KeyType": "CUSTOMER_MANAGED_CMK",
                },
                "DeliveryStreamType": "DirectPut",
                "ExtendedS3DestinationConfiguration": {
                    "BucketARN": att("Bucket"),
                    "RoleARN": att("Role"),
                    "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1},
                    "CompressionFormat": "GZIP",
                    "CustomTimeZone": "Europe/Berlin",
                    "FileExtension": ".json.gz",
                    "Prefix": "direct/",
                },
            },
        ),
    }


def _destination() -> dict[str, Any]:
    return {
        "BucketARN": att("Bucket"),
        "RoleARN": att("Role"),
        "BufferingHints": {"IntervalInSeconds": 120, "SizeInMBs": 64},
        "CloudWatchLoggingOptions": {
            "Enabled": True,
            "LogGroupName": ref("Logs"),
            "LogStreamName": ref("LogStream"),
        },
        "CompressionFormat": "UNCOMPRESSED",
        "DataFormatConversionConfiguration": {
            "Enabled": True,
            "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
            "OutputFormatConfiguration": {
                "Serializer": {"ParquetSerDe": {"Compression": "SNAPPY"}}
            },
            "SchemaConfiguration": {
                "CatalogId": ACCOUNT,
                "DatabaseName": ref("Database"),
                "TableName": ref("Table"),
                "Region": ref("AWS::Region"),
                "RoleARN": att("Role"),
                "VersionId": "LATEST",
            },
        },
        "EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": att("Key")}},
        "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
        "Prefix": "records/!{timestamp:yyyy}/",
        "ProcessingConfiguration": {
            "Enabled": True,
            "Processors": [
                {
                    "Type": "Lambda",
                    "Parameters": [
                        {"ParameterName": "LambdaArn", "ParameterValue": att("Function")},
                        {"ParameterName": "BufferSizeInMBs", "ParameterValue": "1"},
                        {"ParameterName": "BufferIntervalInSeconds", "ParameterValue": "60"},
                        {"ParameterName": "NumberOfRetries", "ParameterValue": "2"},
                        {"ParameterName": "RoleArn", "ParameterValue": att("Role")},
                    ],
                }
            ],
        },
        "S3BackupMode": "Disabled",
    }


def _queues_and_topics() -> Resources:
    return {
        "Lost": ("SQS::Queue", {"QueueName": "full-lost", "SqsManagedSseEnabled": False}),
        "Queue": (
            "SQS::Queue",
            {
                "DelaySeconds": 5,
                "KmsDataKeyReusePeriodSeconds": 600,
                "KmsMasterKeyId": ref("Key"),
                "MaximumMessageSize": 1024,
                "MessageRetentionPeriod": 120,
                "QueueName": "full-queue",
                "ReceiveMessageWaitTimeSeconds": 3,
                "RedriveAllowPolicy": {"redrivePermission": "denyAll"},
                "RedrivePolicy": {"deadLetterTargetArn": att("Lost"), "maxReceiveCount": 3},
                "Tags": TAGS,
                "VisibilityTimeout": 45,
            },
        ),
        "Fifo": (
            "SQS::Queue",
            {
                "ContentBasedDeduplication": True,
                "DeduplicationScope": "messageGroup",
                "FifoQueue": True,
                "FifoThroughputLimit": "perMessageGroupId",
            },
        ),
        "QueuePolicy": (
            "SQS::QueuePolicy",
            {
                "Queues": [ref("Queue"), ref("Lost")],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [SEND]},
            },
        ),
        "Topic": (
            "SNS::Topic",
            {
                "DataProtectionPolicy": {
                    "Name": "none",
                    "Version": "2021-06-01",
                    "Statement": [
                        {
                            "Sid": "deny",
                            "DataDirection": "Inbound",
                            "Principal": ["*"],
                            "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/Name"],
                            "Operation": {"Deny": {}},
                        }
                    ],
                },
                "DisplayName": "full",
                "KmsMasterKeyId": ref("Key"),
                "SignatureVersion": "2",
                "Subscription": [{"Endpoint": att("Lost"), "Protocol": "sqs"}],
                "Tags": TAGS,
                "TopicName": "full-topic",
                "TracingConfig": "Active",
            },
        ),
        "FifoTopic": (
            "SNS::Topic",
            {
                "ArchivePolicy": {"MessageRetentionPeriod": "30"},
                "ContentBasedDeduplication": True,
                "FifoTopic": True,
            },
        ),
        "TopicPolicy": (
            "SNS::TopicPolicy",
            {
                "Topics": [ref("Topic")],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "publish",
                            "Effect": "Allow",
                            "Action": "sns:Publish",
                            "Principal": {"Service": "events.amazonaws.com"},
                            "Resource": ref("Topic"),
                        }
                    ],
                },
            },
        ),
        "Subscription": (
            "SNS::Subscription",
            {
                "TopicArn": ref("Topic"),
                "Protocol": "sqs",
                "Endpoint": att("Queue"),
                "FilterPolicy": {"kind": ["alarm"]},
                "FilterPolicyScope": "MessageBody",
                "RawMessageDelivery": True,
                "RedrivePolicy": {"deadLetterTargetArn": att("Lost")},
                "Region": ref("AWS::Region"),
            },
        ),
        "WebSubscription": (
            "SNS::Subscription",
            {
                "TopicArn": ref("Topic"),
                "Protocol": "https",
                "Endpoint": "https://example.com/",
                "DeliveryPolicy": {"healthyRetryPolicy": {"numRetries": 3}},
            },
        ),
        "DeliverySubscription": (
            "SNS::Subscription",
            {
                "TopicArn": ref("Topic"),
                "Protocol": "firehose",
                "Endpoint": att("DirectDelivery"),
                "SubscriptionRoleArn": att("Role"),
            },
        ),
    }


def _logs_and_alarms() -> Resources:
    return {
        "Logs": (
            "Logs::LogGroup",
            {
                "KmsKeyId": att("Key"),
                "LogGroupClass": "STANDARD",
                "LogGroupName": "/full/logs",
                "RetentionInDays": 30,
                "Tags": TAGS,
            },
        ),
        "LogStream": (
            "Logs::LogStream",
            {"LogGroupName": ref("Logs"), "LogStreamName": "S3Delivery"},
        ),
        "LogPolicy": (
            "Logs::ResourcePolicy",
            {"PolicyName": "full", "PolicyDocument": '{"Statement": [], "Version": "2012-10-17"}'},
        ),
        "Alarm": (
            "CloudWatch::Alarm",
            {
                "ActionsEnabled": False,
                "AlarmActions": [ref("Topic")],
                "AlarmDescription": "too many",
                "AlarmName": "full-alarm",
                "ComparisonOperator": "GreaterThanThreshold",
                "DatapointsToAlarm": 2,
                "Dimensions": [{"Name": "Stream", "Value": "a"}, {"Name": "Host", "Value": "b"}],
                "EvaluationPeriods": 3,
                "InsufficientDataActions": [ref("Topic")],
                "MetricName": "Errors",
                "Namespace": "Full",
                "OKActions": [ref("Topic")],
                "Period": 60,
                "Statistic": "Sum",
                "Tags": TAGS,
                "Threshold": 1.5,
                "TreatMissingData": "notBreaching",
                "Unit": "Count",
            },
        ),
        "Slow": (
            "CloudWatch::Alarm",
            {
                "ComparisonOperator": "GreaterThanThreshold",
                "EvaluateLowSampleCountPercentile": "ignore",
                "EvaluationPeriods": 1,
                "ExtendedStatistic": "p90",
                "MetricName": "ModelLatency",
                "Namespace": "AWS/SageMaker",
                "Period": 60,
                "Threshold": 1000,
            },
        ),
        "Unusual": (
            "CloudWatch::Alarm",
            {
                "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
                "EvaluationPeriods": 1,
                "ThresholdMetricId": "band",
                "Metrics": [
                    {
                        "Id": "band",
                        "Expression": "ANOMALY_DETECTION_BAND(m, 2)",
                        "Label": "expected",
                        "ReturnData": True,
                    },
                    {
                        "Id": "m",
                        "MetricStat": {
                            "Metric": {"MetricName": "Errors", "Namespace": "Full"},
                            "Period": 60,
                            "Stat": "Sum",
                        },
                        "ReturnData": True,
                    },
                ],
            },
        ),
    }


def _functions() -> Resources:
    source = "def handler(event, context):\n    return event\n"
    return {
        "Function": (
            "Lambda::Function",
            {
                "Architectures": ["arm64"],
                "Code": {"ZipFile": source},
                "DeadLetterConfig": {"TargetArn": att("Lost")},
                "Description": "gives back",
                "Environment": {"Variables": {"ONE": "1", "TWO": "two"}},
                "EphemeralStorage": {"Size": 1024},
                "FunctionName": "full-function",
                "Handler": "index.handler",
                "KmsKeyArn": att("Key"),
                "Layers": [],
                "LoggingConfig": {
                    "LogFormat": "JSON",
                    "LogGroup": ref("Logs"),
                    "ApplicationLogLevel": "INFO",
                    "SystemLogLevel": "WARN",
                },
                "MemorySize": 256,
                "PackageType": "Zip",
                "ReservedConcurrentExecutions": 5,
                "Role": att("Role"),
                "Runtime": "python3.13",
                "RuntimeManagementConfig": {"UpdateRuntimeOn": "FunctionUpdate"},
                "SnapStart": {"ApplyOn": "None"},
                "Tags": TAGS,
                "Timeout": 30,
                "TracingConfig": {"Mode": "Active"},
                "VpcConfig": {"SecurityGroupIds": ["sg-0abc"], "SubnetIds": ["subnet-0abc"]},
            },
        ),
        "Permission": (
            "Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": ref("Function"),
                "Principal": "s3.amazonaws.com",
                "SourceAccount": ACCOUNT,
                "SourceArn": "arn:aws:s3:::full-bucket",
            },
        ),
        "UrlPermission": (
            "Lambda::Permission",
            {
                "Action": "lambda:InvokeFunctionUrl",
                "FunctionName": att("Function"),
                "FunctionUrlAuthType": "AWS_IAM",
                "Principal": "*",
                "PrincipalOrgID": "o-abcdefghij",
            },
        ),
        "SkillPermission": (
            "Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "EventSourceToken": "amzn1.ask.skill.1",
                "FunctionName": ref("Function"),
                "Principal": "alexa-appkit.amazon.com",
            },
        ),
        "Events": (
            "Lambda::EventInvokeConfig",
            {
                "DestinationConfig": {
                    "OnFailure": {"Destination": att("Lost")},
                    "OnSuccess": {"Destination": att("Queue")},
                },
                "FunctionName": ref("Function"),
                "MaximumEventAgeInSeconds": 120,
                "MaximumRetryAttempts": 1,
                "Qualifier": "$LATEST",
            },
        ),
        "StreamMapping": (
            "Lambda::EventSourceMapping",
            {
                "BatchSize": 50,
                "BisectBatchOnFunctionError": True,
                "DestinationConfig": {"OnFailure": {"Destination": att("Lost")}},
                "Enabled": False,
                "EventSourceArn": att("Stream"),
                "FunctionName": ref("Function"),
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "MaximumBatchingWindowInSeconds": 5,
                "MaximumRecordAgeInSeconds": 600,
                "MaximumRetryAttempts": 4,
                "ParallelizationFactor": 2,
                "StartingPosition": "AT_TIMESTAMP",
                "StartingPositionTimestamp": 1700000000,
                "Tags": TAGS,
            },
        ),
    }


def _data_catalog() -> Resources:
    columns = [{"Name": "label", "Type": "int", "Comment": "what it is"}]
    return {
        "Database": (
            "Glue::Database",
            {
                "CatalogId": ACCOUNT,
                "DatabaseInput": {
                    "Description": "full",
                    "LocationUri": "s3://full-bucket/",
                    "Parameters": {"a": "b"},
                },
                "DatabaseName": "full",
            },
        ),
        "Table": (
            "Glue::Table",
            {
                "CatalogId": ACCOUNT,
                "DatabaseName": ref("Database"),
                "Name": "records",
                "TableInput": {
                    "Description": "full",
                    "Owner": "ml",
                    "Parameters": {"classification": "parquet"},
                    "PartitionKeys": [{"Name": "day", "Type": "string"}],
                    "Retention": 3,
                    "StorageDescriptor": {
                        "Columns": columns,
                        "Compressed": True,
                        "InputFormat": "in",
                        "Location": "s3://full-bucket/records/",
                        "NumberOfBuckets": 1,
                        "OutputFormat": "out",
                        "SerdeInfo": {"SerializationLibrary": "serde", "Parameters": {"x": "1"}},
                        "SortColumns": [{"Column": "label", "SortOrder": 1}],
                        "StoredAsSubDirectories": False,
                    },
                    "TableType": "EXTERNAL_TABLE",
                },
            },
        ),
        "Connection": (
            "Glue::Connection",
            {
                "CatalogId": ACCOUNT,
                "ConnectionInput": {
                    "ConnectionType": "NETWORK",
                    "Description": "full",
                    "MatchCriteria": ["a"],
                    "Name": "full-connection",
                    "ConnectionProperties": {},
                    "PhysicalConnectionRequirements": {
                        "AvailabilityZone": "us-east-1a",
                        "SecurityGroupIdList": ["sg-0abc"],
                        "SubnetId": "subnet-0abc",
                    },
                },
                "Tags": TAG_MAP,
            },
        ),
        "JobSecurity": (
            "Glue::SecurityConfiguration",
            {
                "Name": "full-security",
                "EncryptionConfiguration": {
                    "CloudWatchEncryption": {
                        "CloudWatchEncryptionMode": "SSE-KMS",
                        "KmsKeyArn": att("Key"),
                    },
                    "JobBookmarksEncryption": {
                        "JobBookmarksEncryptionMode": "CSE-KMS",
                        "KmsKeyArn": att("Key"),
                    },
                    "S3Encryptions": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": att("Key")}],
                },
            },
        ),
        "Job": (
            "Glue::Job",
            {
                "Command": {
                    "Name": "glueetl",
                    "PythonVersion": "3",
                    "ScriptLocation": "s3://full-bucket/job.py",
                },
                "Connections": {"Connections": [ref("Connection")]},
                "DefaultArguments": {"--a": "1", "--TempDir": "s3://full-bucket/tmp/"},
                "Description": "full",
                "ExecutionClass": "FLEX",
                "ExecutionProperty": {"MaxConcurrentRuns": 3},
                "GlueVersion": "5.1",
                "JobMode": "SCRIPT",
                "JobRunQueuingEnabled": True,
                "LogUri": "s3://full-bucket/logs/",
                "MaintenanceWindow": "Sun:10",
                "MaxRetries": 2,
                "Name": "full-job",
                "NonOverridableArguments": {"--b": "2"},
                "NotificationProperty": {"NotifyDelayAfter": 10},
                "NumberOfWorkers": 4,
                "Role": att("Role"),
                "SecurityConfiguration": ref("JobSecurity"),
                "Tags": TAG_MAP,
                "Timeout": 90,
                "WorkerType": "G.1X",
            },
        ),
        "ShellJob": (
            "Glue::Job",
            {
                "Command": {"Name": "pythonshell", "ScriptLocation": "s3://full-bucket/job.py"},
                "MaxCapacity": 0.0625,
                "Role": att("Role"),
            },
        ),
        "OldJob": (
            "Glue::Job",
            {
                "AllocatedCapacity": 3,
                "Command": {"Name": "glueetl", "ScriptLocation": "s3://full-bucket/job.py"},
                "Role": att("Role"),
            },
        ),
    }


def _tables_and_parameters() -> Resources:
    hash_key = [{"AttributeName": "id", "KeyType": "HASH"}]
    ranged = [*hash_key, {"AttributeName": "at", "KeyType": "RANGE"}]
    return {
        "Items": (
            "DynamoDB::Table",
            {
                "AttributeDefinitions": [
                    {"AttributeName": "id", "AttributeType": "S"},
                    {"AttributeName": "at", "AttributeType": "N"},
                ],
                "BillingMode": "PROVISIONED",
                "DeletionProtectionEnabled": False,
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "by-time",
                        "KeySchema": [{"AttributeName": "at", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "KEYS_ONLY"},
                        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
                    }
                ],
                "KeySchema": ranged,
                "LocalSecondaryIndexes": [
                    {
                        "IndexName": "local",
                        "KeySchema": ranged,
                        "Projection": {
                            "ProjectionType": "INCLUDE",
                            "NonKeyAttributes": ["value"],
                        },
                    }
                ],
                "PointInTimeRecoverySpecification": {
                    "PointInTimeRecoveryEnabled": True,
                    "RecoveryPeriodInDays": 7,
                },
                "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
                "SSESpecification": {
                    "SSEEnabled": True,
                    "SSEType": "KMS",
                    "KMSMasterKeyId": att("Key"),
                },
                "TableName": "full-items",
                "Tags": TAGS,
                "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
            },
        ),
        "Parameter": (
            "SSM::Parameter",
            {
                "AllowedPattern": "[a-z]+",
                "DataType": "text",
                "Description": "full",
                "Name": "/full/word",
                "Policies": '[{"Type":"NoChangeNotification","Version":"1.0",'
                '"Attributes":{"After":"20","Unit":"Days"}}]',
                "Tags": TAG_MAP,
                "Tier": "Advanced",
                "Type": "String",
                "Value": "word",
            },
        ),
        "List": ("SSM::Parameter", {"Type": "StringList", "Value": "a,b"}),
    }


def _orchestration() -> Resources:
    return {
        "Machine": (
            "StepFunctions::StateMachine",
            {
                "Definition": PASS_STATE,
                "DefinitionSubstitutions": {"word": "full"},
                "EncryptionConfiguration": {
                    "KmsDataKeyReusePeriodSeconds": 300,
                    "KmsKeyId": att("Key"),
                    "Type": "CUSTOMER_MANAGED_KMS_KEY",
                },
                "LoggingConfiguration": {
                    "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": att("Logs")}}],
                    "IncludeExecutionData": True,
                    "Level": "ALL",
                },
                "RoleArn": att("Role"),
                "StateMachineName": "full-machine",
                "StateMachineType": "STANDARD",
                "Tags": TAGS,
                "TracingConfiguration": {"Enabled": True},
            },
        ),
        "ExpressMachine": (
            "StepFunctions::StateMachine",
            {
                "DefinitionString": '{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}',
                "RoleArn": att("Role"),
                "StateMachineType": "EXPRESS",
            },
        ),
        "Rule": (
            "Events::Rule",
            {
                "Description": "full",
                "EventBusName": "default",
                "EventPattern": {"source": ["aws.sagemaker"], "detail": {"x": [{"exists": True}]}},
                "Name": "full-rule",
                "RoleArn": att("Role"),
                "State": "DISABLED",
                "Tags": TAGS,
                "Targets": [
                    {
                        "Arn": att("Queue"),
                        "Id": "queue",
                        "DeadLetterConfig": {"Arn": att("Lost")},
                        "InputPath": "$.detail",
                        "RetryPolicy": {
                            "MaximumEventAgeInSeconds": 60,
                            "MaximumRetryAttempts": 1,
                        },
                    },
                    {
                        "Arn": ref("Machine"),
                        "Id": "machine",
                        "RoleArn": att("Role"),
                        "InputTransformer": {
                            "InputPathsMap": {"a": "$.detail"},
                            "InputTemplate": '{"a": <a>}',
                        },
                    },
                ],
            },
        ),
        "Hourly": (
            "Events::Rule",
            {
                "ScheduleExpression": "rate(1 hour)",
                "Targets": [{"Arn": ref("Topic"), "Id": "t", "Input": '{"x": 1}'}],
            },
        ),
        "Schedule": (
            "Scheduler::Schedule",
            {
                "Description": "full",
                "EndDate": "2031-01-01T00:00:00Z",
                "FlexibleTimeWindow": {"MaximumWindowInMinutes": 15, "Mode": "FLEXIBLE"},
                "GroupName": "default",
                "KmsKeyArn": att("Key"),
                "Name": "full-schedule",
                "ScheduleExpression": "cron(0 3 * * ? *)",
                "ScheduleExpressionTimezone": "Europe/Berlin",
                "StartDate": "2030-01-01T00:00:00Z",
                "State": "DISABLED",
                "Target": {
                    "Arn": ref("Machine"),
                    "DeadLetterConfig": {"Arn": att("Lost")},
                    "Input": '{"x": 1}',
                    "RetryPolicy": {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 1},
                    "RoleArn": att("Role"),
                },
            },
        ),
    }


def _models() -> Resources:
    vpc = {"SecurityGroupIds": ["sg-0abc"], "Subnets": ["subnet-0abc"]}
    variant = {
        "VariantName": "main",
        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
        "InitialInstanceCount": 2,
        "InitialVariantWeight": 1,
        "InstanceType": "ml.m5.large",
    }
    return {
        "Group": (
            "SageMaker::ModelPackageGroup",
            {
                "ModelPackageGroupDescription": "full",
                "ModelPackageGroupName": "full-group",
                "ModelPackageGroupPolicy": POLICY,
                "Tags": TAGS,
            },
        ),
        "Model": (
            "SageMaker::Model",
            {
                "EnableNetworkIsolation": True,
                "ExecutionRoleArn": att("Role"),
                "ModelName": "full-model",
                "PrimaryContainer": {
                    "ContainerHostname": "first",
                    "Environment": {"A": "1"},
                    "Image": IMAGE,
                    "Mode": "SingleModel",
                    "ModelDataUrl": "s3://full-bucket/model.tar.gz",
                },
                "Tags": TAGS,
                "VpcConfig": vpc,
            },
        ),
        "Pipeline": (
            "SageMaker::Model",
            {
                "Containers": [
                    {"Image": IMAGE, "ContainerHostname": "one"},
                    {"Image": IMAGE, "ContainerHostname": "two"},
                ],
                "ExecutionRoleArn": att("Role"),
                "InferenceExecutionConfig": {"Mode": "Direct"},
            },
        ),
        "EndpointConfig": (
            "SageMaker::EndpointConfig",
            {
                "DataCaptureConfig": {
                    "CaptureContentTypeHeader": {
                        "CsvContentTypes": ["text/csv"],
                        "JsonContentTypes": ["application/json"],
                    },
                    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
                    "DestinationS3Uri": "s3://full-bucket/captured",
                    "EnableCapture": True,
                    "InitialSamplingPercentage": 50,
                    "KmsKeyId": att("Key"),
                },
                "EnableNetworkIsolation": True,
                "EndpointConfigName": "full-config",
                "ExecutionRoleArn": att("Role"),
                "KmsKeyId": att("Key"),
                "ProductionVariants": [
                    {
                        **variant,
                        "ContainerStartupHealthCheckTimeoutInSeconds": 120,
                        "ModelDataDownloadTimeoutInSeconds": 300,
                        "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
                        "VolumeSizeInGB": 20,
                    }
                ],
                "ShadowProductionVariants": [
                    {**variant, "VariantName": "shadow", "InitialInstanceCount": 1}
                ],
                "Tags": TAGS,
                "VpcConfig": vpc,
            },
        ),
        "AsyncConfig": (
            "SageMaker::EndpointConfig",
            {
                "AsyncInferenceConfig": {
                    "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
                    "OutputConfig": {
                        "KmsKeyId": att("Key"),
                        "NotificationConfig": {"ErrorTopic": ref("Topic")},
                        "S3OutputPath": "s3://full-bucket/answers/",
                    },
                },
                "ProductionVariants": [variant],
            },
        ),
        "ExplainedConfig": (
            "SageMaker::EndpointConfig",
            {
                "ExplainerConfig": {
                    "ClarifyExplainerConfig": {
                        "EnableExplanations": "`true`",
                        "ShapConfig": {
                            "ShapBaselineConfig": {
                                "MimeType": "text/csv",
                                "ShapBaseline": "0,0",
                            },
                            "NumberOfSamples": 100,
                        },
                    }
                },
                "ProductionVariants": [variant],
            },
        ),
        "ServerlessConfig": (
            "SageMaker::EndpointConfig",
            {
                "ProductionVariants": [
                    {
                        "VariantName": "main",
                        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
                        "InitialVariantWeight": 1,
                        "ServerlessConfig": {
                            "MaxConcurrency": 5,
                            "MemorySizeInMB": 2048,
                            "ProvisionedConcurrency": 2,
                        },
                    }
                ],
            },
        ),
        "Endpoint": (
            "SageMaker::Endpoint",
            {
                "DeploymentConfig": {
                    "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": ref("Alarm")}]},
                    "BlueGreenUpdatePolicy": {
                        "MaximumExecutionTimeoutInSeconds": 3600,
                        "TerminationWaitInSeconds": 60,
                        "TrafficRoutingConfiguration": {
                            "Type": "CANARY",
                            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
                            "WaitIntervalInSeconds": 300,
                        },
                    },
                },
                "EndpointConfigName": {"Fn::GetAtt": ["EndpointConfig", "EndpointConfigName"]},
                "EndpointName": "full-endpoint",
                "ExcludeRetainedVariantProperties": [],
                "RetainAllVariantProperties": True,
                "RetainDeploymentConfig": False,
                "Tags": TAGS,
            },
        ),
    }


def _monitoring() -> Resources:
    output = {
        "KmsKeyId": att("Key"),
        "MonitoringOutputs": [
            {
                "S3Output": {
                    "LocalPath": "/opt/ml/processing/output",
                    "S3UploadMode": "EndOfJob",
                    "S3Uri": "s3://full-bucket/reports",
                }
            }
        ],
    }
    return {
        "Quality": (
            "SageMaker::DataQualityJobDefinition",
            {
                "DataQualityAppSpecification": {
                    "ContainerArguments": ["--a"],
                    "ContainerEntrypoint": ["/run"],
                    "Environment": {"A": "1"},
                    "ImageUri": IMAGE,
                },
                "DataQualityBaselineConfig": {
                    "ConstraintsResource": {"S3Uri": "s3://full-bucket/constraints.json"},
                    "StatisticsResource": {"S3Uri": "s3://full-bucket/statistics.json"},
                },
                "DataQualityJobInput": {
                    "EndpointInput": {
                        "EndpointName": "full-endpoint",
                        "LocalPath": "/opt/ml/processing/input",
                        "S3DataDistributionType": "FullyReplicated",
                        "S3InputMode": "File",
                    }
                },
                "DataQualityJobOutputConfig": output,
                "EndpointName": "full-endpoint",
                "JobDefinitionName": "full-quality",
                "JobResources": {
                    "ClusterConfig": {
                        "InstanceCount": 1,
                        "InstanceType": "ml.m5.large",
                        "VolumeKmsKeyId": att("Key"),
                        "VolumeSizeInGB": 20,
                    }
                },
                "NetworkConfig": {
                    "EnableInterContainerTrafficEncryption": True,
                    "EnableNetworkIsolation": False,
                },
                "RoleArn": att("Role"),
                "StoppingCondition": {"MaxRuntimeInSeconds": 1800},
                "Tags": TAGS,
            },
        ),
        "MonitoringSchedule": (
            "SageMaker::MonitoringSchedule",
            {
                "EndpointName": "full-endpoint",
                "MonitoringScheduleConfig": {
                    "MonitoringJobDefinitionName": {
                        "Fn::Select": [1, {"Fn::Split": ["/", ref("Quality")]}]
                    },
                    "MonitoringType": "DataQuality",
                    "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
                },
                "MonitoringScheduleName": "full-monitoring",
                "MonitoringScheduleStatus": "Scheduled",
                "Tags": TAGS,
            },
        ),
    }


def _scaling_and_budgets() -> Resources:
    return {
        "Scaling": (
            "ApplicationAutoScaling::ScalableTarget",
            {
                "MaxCapacity": 4,
                "MinCapacity": 1,
                "ResourceId": {"Fn::Sub": ["endpoint/${name}/variant/main", {"name": ENDPOINT}]},
                "RoleARN": att("Role"),
                "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
                "ScheduledActions": [
                    {
                        "EndTime": "2031-01-01T00:00:00Z",
                        "ScalableTargetAction": {"MaxCapacity": 2, "MinCapacity": 1},
                        "Schedule": "cron(0 20 * * ? *)",
                        "ScheduledActionName": "night",
                        "StartTime": "2030-01-01T00:00:00Z",
                        "Timezone": "Europe/Berlin",
                    }
                ],
                "ServiceNamespace": "sagemaker",
                "SuspendedState": {
                    "DynamicScalingInSuspended": True,
                    "DynamicScalingOutSuspended": False,
                    "ScheduledScalingSuspended": False,
                },
            },
        ),
        "Tracking": (
            "ApplicationAutoScaling::ScalingPolicy",
            {
                "PolicyName": "tracking",
                "PolicyType": "TargetTrackingScaling",
                "ScalingTargetId": ref("Scaling"),
                "TargetTrackingScalingPolicyConfiguration": {
                    "DisableScaleIn": True,
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                    },
                    "ScaleInCooldown": 300,
                    "ScaleOutCooldown": 60,
                    "TargetValue": 70,
                },
            },
        ),
        "Steps": (
            "ApplicationAutoScaling::ScalingPolicy",
            {
                "PolicyName": "steps",
                "PolicyType": "StepScaling",
                "ResourceId": {"Fn::Sub": ["endpoint/${name}/variant/main", {"name": ENDPOINT}]},
                "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
                "ServiceNamespace": "sagemaker",
                "StepScalingPolicyConfiguration": {
                    "AdjustmentType": "ChangeInCapacity",
                    "Cooldown": 60,
                    "MetricAggregationType": "Average",
                    "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
                },
            },
        ),
        "Budget": (
            "Budgets::Budget",
            {
                "Budget": {
                    "BudgetLimit": {"Amount": 50, "Unit": "USD"},
                    "BudgetName": "full-budget",
                    "BudgetType": "COST",
                    "CostFilters": {"TagKeyValue": ["user:team$ml"]},
                    "TimeUnit": "MONTHLY",
                },
                "NotificationsWithSubscribers": [
                    {
                        "Notification": {
                            "ComparisonOperator": "GREATER_THAN",
                            "NotificationType": "ACTUAL",
                            "Threshold": 80,
                            "ThresholdType": "PERCENTAGE",
                        },
                        "Subscribers": [{"Address": ref("Topic"), "SubscriptionType": "SNS"}],
                    }
                ],
                "ResourceTags": TAGS,
            },
        ),
    }
