"""What AWS needs of the templates' policies and no run on this machine exercises, with its source.

A row that a run does exercise, or that no template has, fails the tests.
"""

from __future__ import annotations

from tests.iam.runs import TORCH_RUNS
from tests.iam.table import Row

_DOCS = "https://docs.aws.amazon.com"
_SAGEMAKER_ROLES = f"{_DOCS}/sagemaker/latest/dg/sagemaker-roles.html"
_FIREHOSE = f"{_DOCS}/firehose/latest/dev/controlling-access.html"
_GLUE_ROLE = f"{_DOCS}/glue/latest/dg/create-service-policy.html"
_GLUE_ENCRYPTION = f"{_DOCS}/glue/latest/dg/set-up-encryption.html"
_STATES_SAGEMAKER = f"{_DOCS}/step-functions/latest/dg/sagemaker-iam.html"
_CLOUDFORMATION = f"{_DOCS}/AWSCloudFormation/latest/UserGuide/aws-resource-"

_PULL = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
    "ecr:GetAuthorizationToken",
)
_ALGORITHMS = ("TrainingRole", "ModelRole", "*ScoringRole")
_JOBS = ("TrainingRole", "*ScoringRole")
_SPARK = ("PrepareRole", "MonitorRole")
_MACHINES = (
    "TrainingWorkflowRole",
    "DeploymentWorkflowRole",
    "MonitorWorkflowRole",
    "RetrainWorkflowRole",
)

ROWS: tuple[Row, ...] = (
    # SageMaker
    Row(
        actions=_PULL,
        holders=_ALGORITHMS,
        why="SageMaker pulls the algorithm's image in the role's name; here a library stands in",
        source=_SAGEMAKER_ROLES,
    ),
    Row(
        actions=("cloudwatch:PutMetricData", "logs:DescribeLogStreams"),
        holders=_ALGORITHMS,
        why="SageMaker's agents publish metrics and look for their log streams",
        source=_SAGEMAKER_ROLES,
    ),
    Row(
        actions=("kms:Encrypt", "kms:DescribeKey"),
        holders=_JOBS,
        why="a job with a key for its output or its volumes; no machine has volumes here",
        source=_SAGEMAKER_ROLES,
    ),
    Row(
        actions=("kms:CreateGrant",),
        holders=("*ScoringRole",),
        why="a transform job with a key for its volumes; in whose name AWS asks is unconfirmed",
        source=_SAGEMAKER_ROLES,
    ),
    Row(
        actions=(
            *_PULL,
            "cloudwatch:PutMetricData",
            "logs:DescribeLogStreams",
            "kms:Encrypt",
            "s3:AbortMultipartUpload",
        ),
        holders=("TrainingCompilationRole",),
        why="a compilation is a training job, and needs what the rows around this one say",
        source=_SAGEMAKER_ROLES,
        runs=("reviews/trainium",),
    ),
    Row(
        actions=("s3:ListBucket",),
        holders=("TrainingRole",),
        why="SageMaker lists what a channel's prefix has; nobody has put weights there, so that "
        "channel is left out",
        source=_SAGEMAKER_ROLES,
        runs=tuple(TORCH_RUNS),
        on="pretrained",
    ),
    Row(
        actions=("s3:DeleteObject",),
        holders=("TrainingRole",),
        why="of a checkpoint in the making, which the script renames, if it was copied just then",
        source=f"{_DOCS}/sagemaker/latest/dg/model-checkpoints.html",
        runs=tuple(TORCH_RUNS),
        by_the_clock=True,
    ),
    Row(
        actions=("s3:AbortMultipartUpload",),
        holders=(*_JOBS, *_SPARK),
        why="an upload in parts that fails is taken back; none fails here",
        source=f"{_DOCS}/AmazonS3/latest/userguide/mpuoverview.html",
    ),
    Row(
        actions=("s3:DeleteObject",),
        holders=("PrepareRole",),
        why="a job that is run again into the same output removes what it has more of; each "
        "execution has an output of its own, so only a retried one does",
        source=f"{_DOCS}/AmazonS3/latest/API/API_DeleteObject.html",
    ),
    # Step Functions
    Row(
        actions=("sagemaker:StopTrainingJob", "sagemaker:StopTransformJob"),
        holders=("TrainingWorkflowRole",),
        why=".sync stops the job of an execution that is stopped",
        source=_STATES_SAGEMAKER,
    ),
    Row(
        actions=("sagemaker:ListTags",),
        holders=("TrainingWorkflowRole",),
        why="Step Functions' own policy for jobs; AWS does not say when it lists their tags",
        source=_STATES_SAGEMAKER,
    ),
    Row(
        actions=("glue:BatchStopJobRun", "glue:GetJobRuns"),
        holders=("TrainingWorkflowRole", "DeploymentWorkflowRole", "MonitorWorkflowRole"),
        why=".sync stops the run of an execution that is stopped",
        source=f"{_DOCS}/step-functions/latest/dg/glue-iam.html",
    ),
    Row(
        actions=(
            "logs:DeleteLogDelivery",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
            "logs:UpdateLogDelivery",
        ),
        holders=_MACHINES,
        why="Step Functions looks after the delivery of a machine's logs in the role's name; AWS "
        "does not say what it asks for when a machine changes or goes",
        source=f"{_DOCS}/step-functions/latest/dg/cw-logs.html",
    ),
    Row(
        actions=(
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
            "xray:PutTelemetryRecords",
            "xray:PutTraceSegments",
        ),
        holders=_MACHINES,
        why="Step Functions sends traces in the role's name; there is no X-Ray here",
        source=f"{_DOCS}/step-functions/latest/dg/xray-iam.html",
    ),
    Row(
        actions=("sns:Publish", "kms:GenerateDataKey"),
        holders=("TrainingWorkflowRole",),
        why="a training that fails is told to the alerts topic; none fails here",
        source=f"{_DOCS}/step-functions/latest/dg/sns-iam.html",
    ),
    # what registers, deploys and scores a model
    Row(
        actions=(
            "ecr:BatchGetImage",
            "ecr:DescribeImages",
            "s3:GetObject",
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
        ),
        holders=("TrainingWorkflowRole",),
        why="CreateModelPackage looks at image and model in the caller's name: the handler of the "
        "resource type in CloudFormation's registry asks for it",
        source=f"{_CLOUDFORMATION}sagemaker-modelpackage.html",
    ),
    Row(
        actions=("sagemaker:CreateModel", "sagemaker:DescribeModelPackage"),
        holders=("ServingUpdateRole",),
        why="a model of a package is made of that package, too; policies that share packages name "
        "the actions on them, and whether one account needs them is unconfirmed",
        source=f"{_DOCS}/sagemaker/latest/dg/model-registry-deploy-xaccount.html",
        on=":model-package/",
    ),
    Row(
        actions=("sagemaker:CreateModel", "sagemaker:DescribeModelPackage"),
        holders=("TrainingWorkflowRole",),
        why="the model in service is made of its package for the comparison: the same",
        source=f"{_DOCS}/sagemaker/latest/dg/model-registry-deploy-xaccount.html",
        runs=("digits",),
        on=":model-package/",
    ),
    Row(
        actions=("sagemaker:DescribeModel", "sagemaker:DescribeEndpointConfig"),
        holders=("ServingUpdateRole",),
        why="CloudFormation looks at what it has made and is to replace",
        source=f"{_CLOUDFORMATION}sagemaker-model.html",
    ),
    Row(
        actions=("sagemaker:DeleteEndpoint",),
        holders=("ServingUpdateRole",),
        why="an update that fails takes the endpoint back that it has made",
        source=f"{_CLOUDFORMATION}sagemaker-endpoint.html",
    ),
    Row(
        actions=("sagemaker:DeleteTags", "sagemaker:ListTags"),
        holders=("ServingUpdateRole",),
        why="CloudFormation sets changed tags right",
        source=f"{_DOCS}/sagemaker/latest/dg/security_iam_id-based-policy-examples.html",
    ),
    Row(
        actions=("kms:CreateGrant", "kms:DescribeKey"),
        holders=("ServingUpdateRole",),
        why="an endpoint whose instances have volumes is made with the key",
        source=f"{_DOCS}/sagemaker/latest/APIReference/API_CreateEndpointConfig.html",
    ),
    Row(
        actions=("ssm:GetParameters",),
        holders=("DeploymentWorkflowRole",),
        why="UpdateStack reads parameters of SSM types in the caller's name, too",
        source=f"{_DOCS}/AWSCloudFormation/latest/UserGuide/"
        "cloudformation-supplied-parameter-types.html",
    ),
    Row(
        actions=("kms:Decrypt",),
        holders=("MonitorScheduleRole", "RetrainScheduleRole"),
        why="EventBridge Scheduler decrypts the schedule's target in the role's name",
        source=f"{_DOCS}/scheduler/latest/UserGuide/encryption-rest.html",
    ),
    # Glue
    Row(
        actions=("s3:GetBucketLocation", "glue:GetSecurityConfiguration"),
        holders=_SPARK,
        why="Glue's own role for jobs may do it",
        source=_GLUE_ROLE,
    ),
    Row(
        actions=("cloudwatch:PutMetricData",),
        holders=("PrepareRole",),
        why="Glue publishes the job's metrics in the role's name",
        source=_GLUE_ROLE,
    ),
    Row(
        actions=("kms:Encrypt", "logs:AssociateKmsKey"),
        holders=_SPARK,
        why="a job with a security configuration encrypts its logs and bookmarks",
        source=_GLUE_ENCRYPTION,
    ),
    # Firehose
    Row(
        actions=(
            "s3:AbortMultipartUpload",
            "s3:GetBucketLocation",
            "s3:GetObject",
            "s3:ListBucket",
            "s3:ListBucketMultipartUploads",
        ),
        holders=("DeliveryRole",),
        why="Firehose's own policy for an S3 destination; here each object is put in one call",
        source=_FIREHOSE,
    ),
    Row(
        actions=(
            "kinesis:DescribeStream",
            "lambda:GetFunctionConfiguration",
            "glue:GetTableVersion",
            "glue:GetTableVersions",
        ),
        holders=("DeliveryRole",),
        why="Firehose's own policies for a stream as source, a function and a table",
        source=_FIREHOSE,
    ),
    Row(
        actions=("logs:CreateLogStream", "logs:PutLogEvents"),
        holders=("DeliveryRole",),
        why="Firehose logs deliveries that fail; none fails here",
        source=_FIREHOSE,
    ),
    Row(
        actions=("kms:Decrypt",),
        holders=("scoring/DeliveryRole",),
        why="Firehose's own policy for an encrypted bucket",
        source=_FIREHOSE,
    ),
    # functions
    Row(
        actions=("kms:Decrypt",),
        holders=("TransformRole", "RetrainDecisionRole"),
        why="Lambda decrypts the function's environment in the role's name",
        source=f"{_DOCS}/lambda/latest/dg/configuration-envvars-encryption.html",
    ),
    Row(
        actions=("states:DescribeExecution",),
        holders=("RetrainDecisionRole",),
        why="the code looks at trainings that failed; none fails here",
        source=f"{_DOCS}/service-authorization/latest/reference/list_awsstepfunctions.html",
    ),
    Row(
        actions=("states:DescribeStateMachine",),
        holders=("RetrainDecisionRole",),
        why="the code looks at the machine where no training is known: asked by the schedule "
        "before the first one",
        source=f"{_DOCS}/service-authorization/latest/reference/list_awsstepfunctions.html",
        by_the_clock=True,
    ),
    Row(
        actions=("cloudwatch:DescribeAlarms",),
        holders=("RetrainDecisionRole",),
        why="asked by the schedule, the code looks at the alarm, unless a training has just been "
        "started",
        source=f"{_DOCS}/service-authorization/latest/reference/list_amazoncloudwatch.html",
        by_the_clock=True,
    ),
    Row(
        actions=(
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ),
        holders=("ScoreRole",),
        why="DynamoDB uses the table's key in the caller's name",
        source=f"{_DOCS}/amazondynamodb/latest/developerguide/encryption.usagenotes.html",
    ),
    Row(
        actions=("kinesis:DescribeStream",),
        holders=("ScoreRole",),
        why="Lambda's own policy for a function that reads a stream",
        source=f"{_DOCS}/lambda/latest/dg/with-kinesis.html",
    ),
    Row(
        actions=("s3:ListBucket",),
        holders=("ScoreRole",),
        why="a missing object is 404 for those who may list and 403 for others; none is missing",
        source=f"{_DOCS}/AmazonS3/latest/API/API_GetObject.html",
    ),
    # policies of resources
    Row(
        actions=("kms:DescribeKey", "kms:ReEncrypt*"),
        holders=("Key",),
        why="CloudWatch Logs looks at the key of a log group, and encrypts again after a change",
        source=f"{_DOCS}/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
        policy="policy",
        sid="LogGroupsOfThisAccount",
    ),
    Row(
        actions=("s3:PutObject",),
        holders=("AccessLogs",),
        why="S3 delivers access logs in its own name; nothing is logged here",
        source=f"{_DOCS}/AmazonS3/latest/userguide/enable-server-access-logging.html",
        policy="policy",
    ),
)
