"""Services whose calls need one action on one plainly named resource."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.naming import Naming

_NAMINGS = {
    "application-autoscaling": Naming(
        prefix="application-autoscaling",
        without=frozenset(
            [
                "DescribeScalableTargets",
                "DescribeScalingActivities",
                "DescribeScalingPolicies",
                "DescribeScheduledActions",
            ]
        ),
        arns=("ResourceARN",),
        names={"ResourceId": "scalable-target/*"},  # the target's id is in no request
    ),
    "resourcegroupstaggingapi": Naming(
        prefix="tag",
        without=frozenset(["GetResources", "GetTagKeys", "GetTagValues", "TagResources"]),
    ),
    "ecr": Naming(
        prefix="ecr",
        without=frozenset({"GetAuthorizationToken", "DescribeRegistry"}),
        arns=("resourceArn",),
        names={"repositoryName": "repository/{}"},
    ),
    "secretsmanager": Naming(
        prefix="secretsmanager",
        without=frozenset({"BatchGetSecretValue", "GetRandomPassword", "ListSecrets"}),
        names={"SecretId": "secret:{}", "Name": "secret:{}"},
    ),
    "athena": Naming(
        prefix="athena",
        without=frozenset({"ListDataCatalogs", "ListEngineVersions", "ListWorkGroups"}),
        arns=("ResourceARN",),
        names={"WorkGroup": "workgroup/{}"},
    ),
}
_BUDGETS_VIEW = ("Describe", "List")


def accesses(call: Call, _lookups: Lookups) -> list[Access]:
    """The operation on its resource."""
    return [_NAMINGS[call.service].access(call)]


def budgets(call: Call, _lookups: Lookups) -> list[Access]:
    """Budgets has two actions for its budgets: ViewBudget and ModifyBudget."""
    given = call.parameters.get("Budget") or {}
    name = call.text("BudgetName") or given.get("BudgetName") or "*"
    action = "ViewBudget" if call.operation.startswith(_BUDGETS_VIEW) else "ModifyBudget"
    return [
        Access(
            f"budgets:{action}", f"arn:{call.partition}:budgets::{call.account_id}:budget/{name}"
        )
    ]
