"""Serving: model, endpoint configuration and endpoint, there as soon as a model is approved."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnCondition, CfnOutput, CfnParameter, Fn, ICfnConditionExpression
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sns as sns
from constructs import Construct

from penstock.catalog import instances
from pipelines.spec import Capture, Monitor, Network, Serving
from pipelines.spec.variant import FIRST_VARIANT
from stacks.endpoint_alarm import EndpointAlarm
from stacks.guardrail import guardrail
from stacks.layer import Layer
from stacks.managed_monitor import ManagedMonitor
from stacks.names import CAPTURE_PREFIX, Names
from stacks.pipeline_log_group import PipelineLogGroup
from stacks.rules import acknowledge_rule

MODEL_PARAMETER = "ModelPackageArn"
NO_MODEL = "none"
SWITCH_PARAMETER = "ServingSwitch"
ON, OFF = "on", "off"


class ServingStack(Layer):
    """Every stack operation, by whatever route, reads the current model from Parameter Store.

    CloudFormation fetches the newest value on each create and update, also with
    UsePreviousValue (CloudFormation user guide, Systems Manager parameter types). Nothing
    outside this stack refers to its conditional resources. `monitor_role` is None unless Model
    Monitor watches the endpoint. `switched` says that there is a switch, which is read in the
    same way: while it is off there is no endpoint, whatever the model.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        serving: Serving,
        monitor: Monitor | None,
        model_role: iam.IRole,
        monitor_role: iam.IRole | None,
        lake: s3.IBucket,
        alerts: sns.ITopic,
        key: kms.IKey,
        tags: Mapping[str, str],
        network: Network | None,
        log_retention_days: int,
        switched: bool,
    ) -> None:
        super().__init__(scope, construct_id, names=names, description="Endpoint of the pipeline")
        package = CfnParameter(
            self,
            MODEL_PARAMETER,
            type="AWS::SSM::Parameter::Value<String>",
            default=names.model_package_parameter,
            description="The parameter that holds the approved model package's ARN, or none",
        )
        has_model = Fn.condition_not(Fn.condition_equals(package.value_as_string, NO_MODEL))
        served = (
            self._is_on(names, has_model)
            if switched
            else CfnCondition(self, "HasModel", expression=has_model)
        )
        # hosting would create the group itself, without key and retention
        log_group = PipelineLogGroup(
            self,
            "EndpointLogs",
            key=key,
            retention_days=log_retention_days,
            name=names.endpoint_logs,
        )
        model = sagemaker.CfnModel(
            self,
            f"{names.serving_construct}Model",
            execution_role_arn=model_role.role_arn,
            enable_network_isolation=serving.serverless is None,
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                model_package_name=package.value_as_string
            ),
            vpc_config=_vpc_config(network),
        )
        if serving.serverless is not None:
            acknowledge_rule(
                model,
                "NetworkIsolation",
                reason="the pipeline asks for a serverless endpoint, which cannot be isolated",
            )
        takes_key = serving.serverless is None and all(
            instances.instance_type(name).takes_volume_key for name in serving.instance_types
        )
        config = sagemaker.CfnEndpointConfig(
            self,
            f"{names.serving_construct}Config",
            kms_key_id=key.key_arn if takes_key else None,
            data_capture_config=_capture(serving.capture, lake, key),
            production_variants=_variants(serving, model.attr_model_name),
        )
        endpoint = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=names.endpoint,
            endpoint_config_name=config.attr_endpoint_config_name,
        )
        for resource in (model, config, endpoint):
            resource.cfn_options.condition = served
        # the group goes last: an endpoint that still runs would make it again, without an owner
        endpoint.node.add_dependency(log_group)
        canary = serving.canary
        alarm = EndpointAlarm(
            self,
            "Errors",
            names=names,
            variants=[FIRST_VARIANT, *(other.name for other in serving.others)],
            at_errors=1 if canary is None else canary.rollback_at_errors,
            alarm_name=None if canary is None else names.rollback_alarm,
            alerts=alerts,
        )
        if canary is not None:
            endpoint.deployment_config = guardrail(canary, alarm)
        if monitor is not None and monitor_role is not None:
            ManagedMonitor(
                self,
                "Monitor",
                names=names,
                monitor=monitor,
                role=monitor_role,
                lake=lake,
                key=key,
                tags=tags,
                endpoint=endpoint,
                network=network,
                condition=served,
            )
        CfnOutput(self, "EndpointName", value=names.endpoint)

    def _is_on(self, names: Names, has_model: ICfnConditionExpression) -> CfnCondition:
        switch = CfnParameter(
            self,
            SWITCH_PARAMETER,
            type="AWS::SSM::Parameter::Value<String>",
            default=names.serving_parameter,
            description="The parameter that says whether serving is on or off",
        )
        return CfnCondition(
            self,
            "IsServed",
            expression=Fn.condition_and(has_model, Fn.condition_equals(switch.value_as_string, ON)),
        )


def _vpc_config(network: Network | None) -> sagemaker.CfnModel.VpcConfigProperty | None:
    if network is None:
        return None
    return sagemaker.CfnModel.VpcConfigProperty(
        subnets=list(network.subnets), security_group_ids=list(network.security_group_ids)
    )


def _variants(
    serving: Serving, model_name: str
) -> list[sagemaker.CfnEndpointConfig.ProductionVariantProperty]:
    config = sagemaker.CfnEndpointConfig
    if serving.serverless is not None:
        return [
            config.ProductionVariantProperty(
                variant_name=FIRST_VARIANT,
                model_name=model_name,
                serverless_config=config.ServerlessConfigProperty(
                    memory_size_in_mb=serving.serverless.memory_mb,
                    max_concurrency=serving.serverless.max_concurrency,
                ),
                initial_variant_weight=1,
            )
        ]
    first = config.ProductionVariantProperty(
        variant_name=FIRST_VARIANT,
        model_name=model_name,
        instance_type=serving.instance_type,
        initial_instance_count=serving.instance_count,
        volume_size_in_gb=serving.volume_gb,
        initial_variant_weight=1,
    )
    others = (
        config.ProductionVariantProperty(
            variant_name=other.name,
            model_name=model_name,
            instance_type=other.instance_type,
            initial_instance_count=other.instance_count,
            initial_variant_weight=other.weight,
        )
        for other in serving.others
    )
    return [first, *others]


def _capture(
    capture: Capture | None, lake: s3.IBucket, key: kms.IKey
) -> sagemaker.CfnEndpointConfig.DataCaptureConfigProperty | None:
    """SageMaker adds `<endpoint>/<variant>/yyyy/mm/dd/hh/` to the destination."""
    if capture is None:
        return None
    config = sagemaker.CfnEndpointConfig
    return config.DataCaptureConfigProperty(
        enable_capture=True,
        initial_sampling_percentage=capture.percentage,
        destination_s3_uri=lake.s3_url_for_object(CAPTURE_PREFIX.rstrip("/")),
        kms_key_id=key.key_arn,
        capture_options=[config.CaptureOptionProperty(capture_mode=mode) for mode in capture.modes],
        capture_content_type_header=_content_types(capture),
    )


def _content_types(
    capture: Capture,
) -> sagemaker.CfnEndpointConfig.CaptureContentTypeHeaderProperty | None:
    """An empty list would be refused: it is left out (botocore 1.44.5 sagemaker model)."""
    if not capture.csv_content_types and not capture.json_content_types:
        return None
    return sagemaker.CfnEndpointConfig.CaptureContentTypeHeaderProperty(
        csv_content_types=list(capture.csv_content_types) or None,
        json_content_types=list(capture.json_content_types) or None,
    )
