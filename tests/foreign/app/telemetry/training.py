"""The machine that trains the defect grader on the delivered CSV and puts it behind an endpoint."""

from aws_cdk import Duration, Size
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

# the first-party linear learner of eu-west-1
LEARNER = "438346466558.dkr.ecr.eu-west-1.amazonaws.com/linear-learner:1"
ENDPOINT = "defect-grader"


class GraderTraining(Construct):
    """train -> model -> endpoint configuration -> endpoint -> wait until it is in service."""

    def __init__(
        self, scope: Construct, construct_id: str, *, landing: s3.IBucket, readings_prefix: str
    ) -> None:
        super().__init__(scope, construct_id)
        worker = iam.Role(
            self, "WorkerRole", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com")
        )
        landing.grant_read(worker, f"{readings_prefix}*")
        landing.grant_read_write(worker, "models/*")
        worker.add_to_policy(
            iam.PolicyStatement(
                actions=[
                    "logs:CreateLogGroup",
                    "logs:CreateLogStream",
                    "logs:PutLogEvents",
                    "logs:DescribeLogStreams",
                    "cloudwatch:PutMetricData",
                    "ecr:GetAuthorizationToken",
                    "ecr:BatchGetImage",
                    "ecr:GetDownloadUrlForLayer",
                    "ecr:BatchCheckLayerAvailability",
                ],
                resources=["*"],
            )
        )
        in_service = self._in_service()
        definition = (
            self._train(worker, landing, readings_prefix)
            .next(self._model(worker))
            .next(self._endpoint_config())
            .next(
                tasks.SageMakerCreateEndpoint(
                    self,
                    "Create endpoint",
                    endpoint_name=ENDPOINT,
                    endpoint_config_name=sfn.JsonPath.string_at("$.grade_run"),
                    result_path=sfn.JsonPath.DISCARD,
                )
            )
            .next(in_service)
        )
        machine = sfn.StateMachine(
            self,
            "Machine",
            definition_body=sfn.DefinitionBody.from_chainable(definition),
            timeout=Duration.hours(3),
        )
        self.machine_arn = machine.state_machine_arn

    def _train(
        self, worker: iam.IRole, landing: s3.IBucket, readings_prefix: str
    ) -> tasks.SageMakerCreateTrainingJob:
        return tasks.SageMakerCreateTrainingJob(
            self,
            "Train grader",
            training_job_name=sfn.JsonPath.string_at("$.grade_run"),
            role=worker,
            integration_pattern=sfn.IntegrationPattern.RUN_JOB,
            algorithm_specification=tasks.AlgorithmSpecification(
                training_image=tasks.DockerImage.from_registry(LEARNER),
                training_input_mode=tasks.InputMode.FILE,
            ),
            hyperparameters={
                "predictor_type": "binary_classifier",
                "feature_dim": "10",
                "epochs": "20",
                "mini_batch_size": "16",
                "learning_rate": "0.05",
                "early_stopping_patience": "20",
            },
            input_data_config=[
                tasks.Channel(
                    channel_name="train",
                    content_type="text/csv",
                    input_mode=tasks.InputMode.FILE,
                    data_source=tasks.DataSource(
                        s3_data_source=tasks.S3DataSource(
                            s3_data_type=tasks.S3DataType.S3_PREFIX,
                            s3_data_distribution_type=(
                                tasks.S3DataDistributionType.FULLY_REPLICATED
                            ),
                            s3_location=tasks.S3Location.from_bucket(landing, readings_prefix),
                        )
                    ),
                )
            ],
            output_data_config=tasks.OutputDataConfig(
                s3_output_location=tasks.S3Location.from_bucket(landing, "models")
            ),
            resource_config=tasks.ResourceConfig(
                instance_count=1,
                instance_type=ec2.InstanceType("m5.large"),
                volume_size=Size.gibibytes(10),
            ),
            stopping_condition=tasks.StoppingCondition(max_runtime=Duration.minutes(30)),
            result_path="$.training",
        )

    def _model(self, worker: iam.IRole) -> tasks.SageMakerCreateModel:
        return tasks.SageMakerCreateModel(
            self,
            "Create model",
            model_name=sfn.JsonPath.string_at("$.grade_run"),
            role=worker,
            primary_container=tasks.ContainerDefinition(
                image=tasks.DockerImage.from_registry(LEARNER),
                mode=tasks.Mode.SINGLE_MODEL,
                model_s3_location=tasks.S3Location.from_json_expression(
                    "$.training.ModelArtifacts.S3ModelArtifacts"
                ),
            ),
            result_path=sfn.JsonPath.DISCARD,
        )

    def _endpoint_config(self) -> tasks.SageMakerCreateEndpointConfig:
        return tasks.SageMakerCreateEndpointConfig(
            self,
            "Create endpoint configuration",
            endpoint_config_name=sfn.JsonPath.string_at("$.grade_run"),
            production_variants=[
                tasks.ProductionVariant(
                    variant_name="only",
                    model_name=sfn.JsonPath.string_at("$.grade_run"),
                    instance_type=ec2.InstanceType("m5.large"),
                    initial_instance_count=1,
                )
            ],
            result_path=sfn.JsonPath.DISCARD,
        )

    def _in_service(self) -> sfn.IChainable:
        wait = sfn.Wait(self, "Wait", time=sfn.WaitTime.duration(Duration.seconds(30)))
        describe = tasks.CallAwsService(
            self,
            "Describe endpoint",
            service="sagemaker",
            action="describeEndpoint",
            parameters={"EndpointName": ENDPOINT},
            iam_resources=["*"],
            result_path="$.endpoint",
        )
        failed = sfn.Fail(self, "Endpoint failed", error="EndpointFailed")
        status = "$.endpoint.EndpointStatus"
        choice = (
            sfn.Choice(self, "In service?")
            .when(
                sfn.Condition.string_equals(status, "InService"), sfn.Succeed(self, "Grader serves")
            )
            .when(sfn.Condition.string_equals(status, "Creating"), wait)
            .otherwise(failed)
        )
        return wait.next(describe).next(choice)
