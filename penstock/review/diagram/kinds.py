"""Which types of resources are boxes of the diagram, and what they are for."""

from __future__ import annotations

from dataclasses import dataclass

# in the order of the data's way
PURPOSES = ("ingestion", "lake", "training", "serving", "scoring", "monitoring", "other")


@dataclass(frozen=True)
class Kind:
    """A box's small print, and its purpose where the stack's name does not tell; None: see around.

    Around are the boxes that it has arrows to and from.
    """

    label: str
    purpose: str | None = None


KINDS = {
    "AWS::Kinesis::Stream": Kind("Kinesis stream", "ingestion"),
    "AWS::Kinesis::StreamConsumer": Kind("Kinesis consumer", "ingestion"),
    "AWS::KinesisFirehose::DeliveryStream": Kind("Firehose", "ingestion"),
    "AWS::MSK::Cluster": Kind("Kafka", "ingestion"),
    "AWS::IoT::TopicRule": Kind("IoT rule", "ingestion"),
    "AWS::Pipes::Pipe": Kind("EventBridge pipe", "ingestion"),
    "AWS::S3::Bucket": Kind("S3 bucket", "lake"),
    "AWS::Glue::Table": Kind("Glue table", "lake"),
    "AWS::DynamoDB::Table": Kind("DynamoDB table"),
    "AWS::DynamoDB::GlobalTable": Kind("DynamoDB table"),
    "AWS::RDS::DBCluster": Kind("RDS cluster", "lake"),
    "AWS::RDS::DBInstance": Kind("RDS instance", "lake"),
    "AWS::SQS::Queue": Kind("SQS queue"),
    "AWS::Lambda::Function": Kind("Lambda function"),
    "AWS::Glue::Job": Kind("Glue job", "training"),
    "AWS::Glue::Crawler": Kind("Glue crawler", "lake"),
    "AWS::StepFunctions::StateMachine": Kind("State machine"),
    "AWS::SageMaker::Pipeline": Kind("SageMaker pipeline", "training"),
    "AWS::SageMaker::ProcessingJob": Kind("Processing job", "training"),
    "AWS::SageMaker::ModelPackageGroup": Kind("Model registry", "training"),
    "AWS::SageMaker::FeatureGroup": Kind("Feature group", "lake"),
    "AWS::SageMaker::NotebookInstance": Kind("Notebook", "training"),
    "AWS::SageMaker::Domain": Kind("SageMaker domain", "training"),
    "AWS::SageMaker::Model": Kind("Model", "serving"),
    "AWS::SageMaker::Endpoint": Kind("Endpoint", "serving"),
    "AWS::SageMaker::InferenceComponent": Kind("Inference component", "serving"),
    "AWS::SageMaker::MonitoringSchedule": Kind("Monitoring schedule", "monitoring"),
    "AWS::ApiGateway::RestApi": Kind("API", "serving"),
    "AWS::ApiGatewayV2::Api": Kind("API", "serving"),
    "AWS::SSM::Parameter": Kind("Parameter"),
    "AWS::CloudWatch::Alarm": Kind("Alarm", "monitoring"),
    "AWS::CloudWatch::CompositeAlarm": Kind("Alarm", "monitoring"),
    "AWS::SNS::Topic": Kind("SNS topic", "monitoring"),
    "AWS::Events::Rule": Kind("EventBridge rule"),
    "AWS::Scheduler::Schedule": Kind("Schedule"),
    "AWS::ECS::Service": Kind("ECS service"),
    "AWS::EC2::Instance": Kind("EC2 instance"),
}

# what a state machine makes, by the action of its task
JOBS = {
    "createTrainingJob": Kind("Training job", "training"),
    "createHyperParameterTuningJob": Kind("Tuning job", "training"),
    "createProcessingJob": Kind("Processing job", "training"),
    "createTransformJob": Kind("Transform job", "training"),
    "createEndpoint": Kind("Endpoint", "serving"),
}

# the last words of a name that the small print says already
GENERIC = {
    "Function",
    "Handler",
    "Job",
    "Machine",
    "StateMachine",
    "Table",
    "Stream",
    "Queue",
    "Topic",
    "Bucket",
    "Schedule",
    "Workflow",
    "Role",
}
