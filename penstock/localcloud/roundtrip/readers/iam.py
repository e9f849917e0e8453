"""AWS::IAM: what IAM says of roles and policies."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader, if_there

_NONE = ("NoSuchEntity",)


class Role(Reader):
    """A role with those of its inline policies that the template gives it."""

    type = "AWS::IAM::Role"

    def read(self, resource: Deployed) -> Properties:
        """GetRole, GetRolePolicy, ListAttachedRolePolicies.

        Other resources of the stack may add policies to the role; only its own are compared.
        """
        iam, name = resource.client("iam"), resource.physical_id
        role = iam.get_role(RoleName=name)["Role"]
        own = [policy["PolicyName"] for policy in resource.asked.get("Policies", [])]
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        arns = [policy["PolicyArn"] for policy in attached]
        wanted = resource.asked.get("ManagedPolicyArns", [])
        return {
            **role,
            "ManagedPolicyArns": [arn for arn in wanted if arn in arns],
            "PermissionsBoundary": role.get("PermissionsBoundary", {}).get(
                "PermissionsBoundaryArn"
            ),
            "Policies": [
                {"PolicyName": policy, "PolicyDocument": document}
                for policy in own
                if (document := _inline(iam, "role", name, policy)) is not None
            ],
        }


class Policy(Reader):
    """An inline policy, read from each of those that have it."""

    type = "AWS::IAM::Policy"

    def read(self, resource: Deployed) -> Properties:
        """GetRolePolicy (GetUserPolicy, GetGroupPolicy)."""
        iam, name = resource.client("iam"), resource.asked["PolicyName"]
        documents: list[Any] = []
        found: Properties = {}
        for plural, kind in (("Roles", "role"), ("Users", "user"), ("Groups", "group")):
            bearers = {
                bearer: _inline(iam, kind, bearer, name)
                for bearer in resource.asked.get(plural, [])
            }
            found[plural] = [bearer for bearer, policy in bearers.items() if policy is not None]
            documents += (policy for policy in bearers.values() if policy is not None)
        same = all(document == documents[0] for document in documents)
        return {
            **found,
            "PolicyDocument": documents[0] if documents and same else documents,
            "PolicyName": name if documents else None,
        }


class ManagedPolicy(Reader):
    """A policy of its own, and who has it."""

    type = "AWS::IAM::ManagedPolicy"

    def read(self, resource: Deployed) -> Properties:
        """GetPolicy, GetPolicyVersion, ListEntitiesForPolicy."""
        iam, arn = resource.client("iam"), resource.physical_id
        policy = iam.get_policy(PolicyArn=arn)["Policy"]
        version = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])
        bearers = iam.list_entities_for_policy(PolicyArn=arn)
        return {
            **policy,
            "Groups": [each["GroupName"] for each in bearers["PolicyGroups"]],
            "ManagedPolicyName": policy["PolicyName"],
            "PolicyDocument": version["PolicyVersion"]["Document"],
            "Roles": [each["RoleName"] for each in bearers["PolicyRoles"]],
            "Users": [each["UserName"] for each in bearers["PolicyUsers"]],
        }


def _inline(iam: Any, kind: str, bearer: str, policy: str) -> Any:
    names = {f"{kind.capitalize()}Name": bearer, "PolicyName": policy}
    answer = if_there(_NONE, getattr(iam, f"get_{kind}_policy"), **names)
    return answer.get("PolicyDocument")
