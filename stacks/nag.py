"""cdk-nag's AwsSolutions rules, and how a finding is acknowledged with its reason.

Its rules know no training job and no endpoint: stacks/rules.py has rules of our own for those.
"""

from __future__ import annotations

from aws_cdk import Acknowledgment, App, Validations
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct


def add_nag_checks(app: App) -> None:
    """Make synth fail on a finding that nobody has acknowledged."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def acknowledge(scope: IConstruct, rule: str, *, reason: str) -> None:
    """Leave a finding of cdk-nag, such as 'IAM5', on a construct and what is below it."""
    Validations.of(scope).acknowledge(
        Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
    )


def acknowledge_warning(scope: IConstruct, warning: str, *, reason: str) -> None:
    """Leave a warning of CDK itself, such as '@aws-cdk/aws-s3:accessLogsPolicyNotAdded'."""
    Validations.of(scope).acknowledge(Acknowledgment(id=f"Annotation::{warning}", reason=reason))


def acknowledge_template_check(scope: IConstruct, check: str, *, reason: str) -> None:
    """Leave what CDK's own look at the templates finds, such as 'W3010'."""
    Validations.of(scope).acknowledge(
        Acknowledgment(id=f"CloudFormation-Validate::{check}", reason=reason)
    )
