"""CloudFormation: stacks and their change sets."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.naming import tag_context, texts

_WITHOUT = frozenset(
    [
        "CreateStackSet",
        "DescribeAccountLimits",
        "DescribeStackDriftDetectionStatus",
        "DescribeType",
        "EstimateTemplateCost",
        "ListExports",
        "ListImports",
        "ListStackSets",
        "ListStacks",
        "ListTypes",
        "ValidateTemplate",
        "CreateUploadBucket",
    ]
)


def accesses(call: Call, lookups: Lookups) -> list[Access]:
    """The operation on stack/NAME/ID; without a stack, on all of them."""
    action = f"cloudformation:{call.operation}"
    if call.operation in _WITHOUT:
        return [Access(action, "*")]
    context = dict(tag_context(call))
    for key, name in (
        ("cloudformation:RoleArn", "RoleARN"),
        ("cloudformation:TemplateUrl", "TemplateURL"),
        ("cloudformation:StackPolicyUrl", "StackPolicyURL"),
        ("cloudformation:ChangeSetName", "ChangeSetName"),
    ):
        if call.text(name):
            context[key] = (call.text(name),)
    types = texts(call.parameters.get("ResourceTypes"))
    if types:
        context["cloudformation:ResourceTypes"] = types
    return [Access(action, lookups.stack_arn(call.text("StackName")), context)]
