"""The state that registers a new model: CreateModelPackage."""

from __future__ import annotations

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from penstock.catalog import instances
from pipelines.spec import Deployment, ScriptTraining
from stacks.compilation_job import CompilationJob
from stacks.model_comparison import PLAIN_WEIGHTS_PROPERTY
from stacks.quality_gate import QualityGate
from stacks.sdk_call import sdk_call
from stacks.trained_program import TrainedProgram

PLAIN_ARTIFACT = "$.artifact_uri"


def register_state(
    scope: Construct,
    *,
    deployment: Deployment,
    program: TrainedProgram,
    run: str,
    group_name: str,
    gate: QualityGate,
) -> sfn.CustomState:
    """The state Register; a compiled model is registered with its plain weights' address beside."""
    pipeline = deployment.pipeline
    inference = pipeline.training.facts.inference
    machine = instances.instance_type(pipeline.serving.instance_type)
    approved = deployment.environment.approval == "automatic"
    compiled = pipeline.compilation is not None
    weights: dict[str, str] = {}
    if isinstance(pipeline.training, ScriptTraining):
        weights[f"{PLAIN_WEIGHTS_PROPERTY}.$"] = PLAIN_ARTIFACT
    if compiled:
        weights["compiled_model_data_url.$"] = CompilationJob.ARTIFACT
        weights["compilation_job_name.$"] = CompilationJob.JOB
    return sdk_call(
        scope,
        "Register",
        "sagemaker:createModelPackage",
        {
            "ModelPackageGroupName": group_name,
            "ClientToken.$": run,
            "ModelApprovalStatus": "Approved" if approved else "PendingManualApproval",
            "InferenceSpecification": {
                "Containers": [
                    program.container(CompilationJob.ARTIFACT if compiled else PLAIN_ARTIFACT)
                ],
                "SupportedContentTypes": list(inference.request),
                "SupportedResponseMIMETypes": list(inference.response),
                "SupportedRealtimeInferenceInstanceTypes": list(pipeline.serving.instance_types),
                **(
                    {"SupportedTransformInstanceTypes": [machine.name]} if machine.transform else {}
                ),
            },
            "CustomerMetadataProperties": {
                "run.$": "$.run",
                "prepared_uri.$": "$.prepared_uri",
                "training_job_name.$": "$.training_job_name",
                "metric": pipeline.gate.metric,
                "metric_value.$": gate.in_words,
                **weights,
            },
        },
        result_path="$.model_package",
    )
