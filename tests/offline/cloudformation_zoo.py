"""A template with one resource of every type that the local cloud knows, in two versions."""

from __future__ import annotations

from typing import Any

STATEMENT = {"Effect": "Allow", "Action": "*", "Resource": "*"}
POLICY = {"Version": "2012-10-17", "Statement": [STATEMENT]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": ["lambda.amazonaws.com", "firehose.amazonaws.com"]},
        }
    ],
}
PASS_STATE = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": "${word}", "End": True}}}


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def att(name: str, attribute: str = "Arn") -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}


def zoo(version: int) -> dict[str, Any]:
    """Version 2 changes a property of every resource that can change in place."""
    second = version == 2
    word = "second" if second else "first"
    tags = [{"Key": "version", "Value": word}]
    column = {"Name": "label", "Type": "int" if second else "bigint"}
    image = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"
    resources: dict[str, dict[str, Any]] = {
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {
                "Description": word,
                "KeyPolicy": POLICY,
                "EnableKeyRotation": not second,
                "Tags": tags,
            },
        },
        "Alias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": "alias/zoo", "TargetKeyId": ref("Key")},
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": TRUST,
                "Description": word,
                "ManagedPolicyArns": [
                    "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
                ],
                "Policies": [{"PolicyName": word, "PolicyDocument": POLICY}],
                "Tags": tags,
            },
        },
        "InlinePolicy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "inline",
                "PolicyDocument": {**POLICY, "Id": word},
                "Roles": [ref("Role")],
            },
        },
        "ManagedPolicy": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": {**POLICY, "Id": word}, "Roles": [ref("Role")]},
        },
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "VersioningConfiguration": {"Status": "Suspended" if second else "Enabled"},
                "Tags": tags,
            },
        },
        "BucketPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": ref("Bucket"), "PolicyDocument": {**POLICY, "Id": word}},
        },
        "Windows": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "KeySchema": [{"AttributeName": "animal", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "animal", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": not second},
                "SSESpecification": {
                    "SSEEnabled": True,
                    "SSEType": "KMS",
                    "KMSMasterKeyId": att("Key"),
                },
                "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": not second},
                "Tags": tags,
            },
        },
        "Stream": {
            "Type": "AWS::Kinesis::Stream",
            "Properties": {
                "ShardCount": "1",
                "RetentionPeriodHours": 48 if second else 24,
                "StreamEncryption": {"EncryptionType": "KMS", "KeyId": ref("Key")},
                "Tags": tags,
            },
        },
        "Logs": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"RetentionInDays": 30 if second else 7, "Tags": tags},
        },
        "LogStream": {
            "Type": "AWS::Logs::LogStream",
            "Properties": {"LogGroupName": ref("Logs"), "LogStreamName": "S3Delivery"},
        },
        "LogPolicy": {
            "Type": "AWS::Logs::ResourcePolicy",
            "Properties": {"PolicyName": "zoo", "PolicyDocument": f'{{"Id": "{word}"}}'},
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"ZipFile": f"def handler(event, context):\n    return '{word}'\n"},
                "Handler": "index.handler",
                "Runtime": "python3.13",
                "Role": att("Role"),
                "Timeout": "9" if second else 3,
                "Environment": {"Variables": {"WORD": word}},
                "Tags": tags,
                "TracingConfig": {"Mode": "Active"},
            },
        },
        "Events": {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {
                "FunctionName": ref("Function"),
                "Qualifier": "$LATEST",
                "MaximumRetryAttempts": "0" if second else 1,
                "DestinationConfig": {"OnFailure": {"Destination": att("Queue")}},
            },
        },
        "Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": att("Function"),
                "Principal": "events.amazonaws.com",
            },
        },
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"VisibilityTimeout": 60 if second else 30, "Tags": tags},
        },
        "QueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [ref("Queue")],
                "PolicyDocument": {
                    **POLICY,
                    "Id": word,
                    "Statement": [{**STATEMENT, "Action": "sqs:SendMessage", "Principal": "*"}],
                },
            },
        },
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": att("Queue"),
                "FunctionName": ref("Function"),
                "BatchSize": 5 if second else 1,
                "Enabled": False,
            },
        },
        "Topic": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"DisplayName": word, "KmsMasterKeyId": ref("Key"), "Tags": tags},
        },
        "TopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [ref("Topic")],
                "PolicyDocument": {
                    **POLICY,
                    "Id": word,
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Sid": "publish",
                            "Action": "sns:Publish",
                            "Principal": {"Service": "events.amazonaws.com"},
                            "Resource": ref("Topic"),
                        }
                    ],
                },
            },
        },
        "Subscription": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": ref("Topic"),
                "Protocol": "sqs",
                "Endpoint": att("Queue"),
                "RawMessageDelivery": second,
            },
        },
        "Budget": {
            "Type": "AWS::Budgets::Budget",
            "Properties": {
                "Budget": {
                    "BudgetType": "COST",
                    "TimeUnit": "MONTHLY",
                    "BudgetLimit": {"Amount": 2 if second else 1, "Unit": "USD"},
                    "CostFilters": {"TagKeyValue": [f"user:version${word}"]},
                },
                "NotificationsWithSubscribers": [
                    {
                        "Notification": {
                            "NotificationType": "ACTUAL",
                            "ComparisonOperator": "GREATER_THAN",
                            "Threshold": 80,
                        },
                        "Subscribers": [{"SubscriptionType": "SNS", "Address": ref("Topic")}],
                    }
                ],
            },
        },
        "Parameter": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Name": "/zoo/word",
                "Type": "String",
                "Value": word,
                "Tags": {"version": word},
            },
        },
        "Database": {
            "Type": "AWS::Glue::Database",
            "Properties": {
                "CatalogId": ref("AWS::AccountId"),
                "DatabaseInput": {"Name": "zoo", "Description": word},
            },
        },
        "Table": {
            "Type": "AWS::Glue::Table",
            "Properties": {
                "CatalogId": ref("AWS::AccountId"),
                "DatabaseName": ref("Database"),
                "TableInput": {"Name": "animals", "StorageDescriptor": {"Columns": [column]}},
            },
        },
        "Connection": {
            "Type": "AWS::Glue::Connection",
            "Properties": {
                "CatalogId": ref("AWS::AccountId"),
                "ConnectionInput": {
                    "ConnectionType": "NETWORK",
                    "ConnectionProperties": {},
                    "Description": word,
                    "PhysicalConnectionRequirements": {
                        "AvailabilityZone": "us-east-1a",
                        "SecurityGroupIdList": ["sg-0123456789abcdef0"],
                        "SubnetId": "subnet-0123456789abcdef0",
                    },
                },
                "Tags": {word: "version"},
            },
        },
        "JobSecurity": {
            "Type": "AWS::Glue::SecurityConfiguration",
            "Properties": {
                "Name": "zoo",
                "EncryptionConfiguration": {
                    "S3Encryptions": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": att("Key")}],
                    "CloudWatchEncryption": {
                        "CloudWatchEncryptionMode": "DISABLED" if second else "SSE-KMS",
                        "KmsKeyArn": att("Key"),
                    },
                },
            },
        },
        "Job": {
            "Type": "AWS::Glue::Job",
            "Properties": {
                "Command": {"Name": "glueetl", "ScriptLocation": "s3://b/job.py"},
                "Role": att("Role"),
                "GlueVersion": "5.1",
                "WorkerType": "G.1X",
                "NumberOfWorkers": 3 if second else 2,
                "DefaultArguments": {"--word": word},
                "Connections": {"Connections": [ref("Connection")]},
                "SecurityConfiguration": ref("JobSecurity"),
                "Tags": {"version": word},
            },
        },
        "Delivery": {
            "Type": "AWS::KinesisFirehose::DeliveryStream",
            "Properties": {
                "DeliveryStreamType": "KinesisStreamAsSource",
                "KinesisStreamSourceConfiguration": {
                    "KinesisStreamARN": att("Stream"),
                    "RoleARN": att("Role"),
                },
                "ExtendedS3DestinationConfiguration": {
                    "BucketARN": att("Bucket"),
                    "RoleARN": att("Role"),
                    "Prefix": f"{word}/",
                    "BufferingHints": {"IntervalInSeconds": "60", "SizeInMBs": 64},
                    "CloudWatchLoggingOptions": {
                        "Enabled": True,
                        "LogGroupName": ref("Logs"),
                        "LogStreamName": ref("LogStream"),
                    },
                    "ProcessingConfiguration": {
                        "Enabled": True,
                        "Processors": [
                            {
                                "Type": "Lambda",
                                "Parameters": [
                                    {
                                        "ParameterName": "LambdaArn",
                                        "ParameterValue": att("Function"),
                                    }
                                ],
                            }
                        ],
                    },
                    "DataFormatConversionConfiguration": {
                        "Enabled": True,
                        "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
                        "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
                        "SchemaConfiguration": {
                            "DatabaseName": ref("Database"),
                            "TableName": ref("Table"),
                            "RoleARN": att("Role"),
                        },
                    },
                },
                "Tags": tags,
            },
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": att("Role"),
                "Definition": PASS_STATE,
                "DefinitionSubstitutions": {"word": word},
                "LoggingConfiguration": {
                    "Level": "ALL",
                    "IncludeExecutionData": True,
                    "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": att("Logs")}}],
                },
                "TracingConfiguration": {"Enabled": True},
                "Tags": tags,
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Description": word,
                "EventPattern": {"source": ["aws.sagemaker"]},
                "Targets": [
                    {"Id": word, "Arn": ref("Machine"), "RoleArn": att("Role"), "InputPath": "$"}
                ],
                "Tags": tags,
            },
        },
        "Schedule": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "ScheduleExpression": "rate(2 hours)" if second else "rate(1 hour)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {"Arn": ref("Machine"), "RoleArn": att("Role")},
            },
        },
        "Group": {
            "Type": "AWS::SageMaker::ModelPackageGroup",
            "Properties": {"ModelPackageGroupName": "zoo", "Tags": tags},
        },
        "Model": {
            "Type": "AWS::SageMaker::Model",
            "Properties": {
                "ExecutionRoleArn": att("Role"),
                "PrimaryContainer": {"Image": image, "ModelDataUrl": f"s3://b/{word}.tar.gz"},
                "EnableNetworkIsolation": "true",
            },
        },
        "EndpointConfig": {
            "Type": "AWS::SageMaker::EndpointConfig",
            "Properties": {
                "ProductionVariants": [
                    {
                        "VariantName": "main",
                        "ModelName": att("Model", "ModelName"),
                        "InitialInstanceCount": "1",
                        "InitialVariantWeight": 1,
                        "InstanceType": "ml.m5.large",
                    }
                ],
                "DataCaptureConfig": {
                    "InitialSamplingPercentage": 100,
                    "DestinationS3Uri": "s3://zoo/capture",
                    "CaptureOptions": [{"CaptureMode": "Input"}],
                },
            },
        },
        "Endpoint": {
            "Type": "AWS::SageMaker::Endpoint",
            "Properties": {
                "EndpointName": "zoo",
                "EndpointConfigName": att("EndpointConfig", "EndpointConfigName"),
                "Tags": tags,
            },
        },
        "QualityDefinition": {
            "Type": "AWS::SageMaker::DataQualityJobDefinition",
            "Properties": {
                "DataQualityAppSpecification": {"ImageUri": image},
                "DataQualityJobInput": {
                    "EndpointInput": {
                        "EndpointName": att("Endpoint", "EndpointName"),
                        "LocalPath": "/opt/ml/processing/input/endpoint",
                    }
                },
                "DataQualityJobOutputConfig": {
                    "MonitoringOutputs": [
                        {"S3Output": {"S3Uri": f"s3://zoo/{word}", "LocalPath": "/opt/out"}}
                    ]
                },
                "JobResources": {
                    "ClusterConfig": {
                        "InstanceCount": "1",
                        "InstanceType": "ml.m5.xlarge",
                        "VolumeSizeInGB": 30,
                    }
                },
                "RoleArn": att("Role"),
            },
        },
        "QualitySchedule": {
            "Type": "AWS::SageMaker::MonitoringSchedule",
            "Properties": {
                "MonitoringScheduleName": "zoo",
                "MonitoringScheduleConfig": {
                    "MonitoringJobDefinitionName": {
                        "Fn::Select": [1, {"Fn::Split": ["/", ref("QualityDefinition")]}]
                    },
                    "MonitoringType": "DataQuality",
                    "ScheduleConfig": {
                        "ScheduleExpression": (
                            "cron(0 0/2 ? * * *)" if second else "cron(0 * ? * * *)"
                        )
                    },
                },
                "Tags": tags,
            },
        },
        "Scaling": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": {
                "ServiceNamespace": "sagemaker",
                "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
                "ResourceId": {"Fn::Sub": "endpoint/${Endpoint.EndpointName}/variant/main"},
                "MinCapacity": 1,
                "MaxCapacity": 4 if second else 2,
            },
        },
        "ScalingPolicy": {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "Properties": {
                "PolicyName": "invocations",
                "PolicyType": "TargetTrackingScaling",
                "ScalingTargetId": ref("Scaling"),
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": "90" if second else 70,
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                    },
                },
            },
        },
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "ComparisonOperator": "GreaterThanThreshold",
                "EvaluationPeriods": "1",
                "Threshold": 5 if second else 3,
                "MetricName": "Invocation5XXErrors",
                "Namespace": "AWS/SageMaker",
                "Period": 60,
                "Statistic": "Sum",
                "AlarmActions": [ref("Topic")],
                "Tags": tags,
            },
        },
    }
    return {"Resources": resources}
