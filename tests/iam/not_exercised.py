"""What AWS needs of the templates' policies and no run on this machine exercises, with its source.

A row that a run does exercise, or that no template has, fails the tests.
"""

from __future__ import annotations

from tests.iam.table import Row

SAGEMAKER_ROLES = (
    "SageMaker developer guide, How to use SageMaker AI execution roles: "
    "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html"
)
ALGORITHM_ROLES = ("TrainingRole", "ModelRole", "*ScoringRole")

ROWS: tuple[Row, ...] = (
    Row(
        actions=(
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            "ecr:GetAuthorizationToken",
        ),
        holders=ALGORITHM_ROLES,
        why="SageMaker pulls the algorithm's image with the job's or model's role; here an open "
        "library stands in for the image",
        source=SAGEMAKER_ROLES,
    ),
)
