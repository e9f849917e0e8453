"""AWS::IAM: roles and policies, by which every request is authorized."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    changed,
    tag_map,
)
from penstock.localcloud.cloudformation.types.api import document, ignoring, retag, tag_list
from penstock.localcloud.ledger import Life

# IAM user guide, "IAM and AWS STS quotas": role names 64, policy names 128 characters
_ROLE_NAME = NameRule(max_length=64, forbidden=r"[^\w+=,.@-]")
_POLICY_NAME = NameRule(max_length=128, forbidden=r"[^\w+=,.@-]")
_GONE = ("NoSuchEntity",)


class Role(Handler):
    """Ref is the role's name; attributes Arn and RoleId."""

    type = "AWS::IAM::Role"
    life = Life.LIVE
    properties = frozenset(
        {
            "AssumeRolePolicyDocument",
            "Description",
            "ManagedPolicyArns",
            "MaxSessionDuration",
            "Path",
            "PermissionsBoundary",
            "Policies",
            "RoleName",
            "Tags",
        }
    )
    required = frozenset({"AssumeRolePolicyDocument"})
    replace_on = frozenset({"Path", "RoleName"})
    name_property = "RoleName"
    tag_style = "list"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateRole with its inline and managed policies."""
        iam = context.client("iam")
        arguments: dict[str, Any] = {
            name: properties[name]
            for name in ("Description", "Path", "PermissionsBoundary")
            if name in properties
        }
        if "MaxSessionDuration" in properties:
            arguments["MaxSessionDuration"] = int(properties["MaxSessionDuration"])
        name = properties.get("RoleName") or context.name(_ROLE_NAME)
        role = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=document(properties["AssumeRolePolicyDocument"]),
            Tags=tag_list(tag_map(properties)),
            **arguments,
        )["Role"]
        context.made(name)
        self._set_policies(iam, name, {}, properties)
        return Created(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """Everything but name and path changes in place."""
        iam = context.client("iam")
        if changed(old, new, "AssumeRolePolicyDocument"):
            iam.update_assume_role_policy(
                RoleName=physical_id, PolicyDocument=document(new["AssumeRolePolicyDocument"])
            )
        if changed(old, new, "Description", "MaxSessionDuration"):
            iam.update_role(
                RoleName=physical_id,
                Description=new.get("Description", ""),
                MaxSessionDuration=int(new.get("MaxSessionDuration", 3600)),
            )
        if changed(old, new, "PermissionsBoundary"):
            if "PermissionsBoundary" in new:
                iam.put_role_permissions_boundary(
                    RoleName=physical_id, PermissionsBoundary=new["PermissionsBoundary"]
                )
            else:
                iam.delete_role_permissions_boundary(RoleName=physical_id)
        self._set_policies(iam, physical_id, old, new)
        retag(iam, old, new, tag="tag_role", untag="untag_role", RoleName=physical_id)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """The role's own policies go first; IAM refuses while others are attached."""
        iam = context.client("iam")
        for policy in properties.get("Policies", []):
            ignoring(
                _GONE,
                iam.delete_role_policy,
                RoleName=physical_id,
                PolicyName=policy["PolicyName"],
            )
        for arn in properties.get("ManagedPolicyArns", []):
            ignoring(_GONE, iam.detach_role_policy, RoleName=physical_id, PolicyArn=arn)
        ignoring(_GONE, iam.delete_role, RoleName=physical_id)

    @staticmethod
    def _set_policies(iam: Any, name: str, old: Properties, new: Properties) -> None:
        before = {p["PolicyName"]: p["PolicyDocument"] for p in old.get("Policies", [])}
        after = {p["PolicyName"]: p["PolicyDocument"] for p in new.get("Policies", [])}
        for policy, content in after.items():
            if before.get(policy) != content:
                iam.put_role_policy(
                    RoleName=name, PolicyName=policy, PolicyDocument=document(content)
                )
        for policy in before.keys() - after.keys():
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        attached, wanted = old.get("ManagedPolicyArns", []), new.get("ManagedPolicyArns", [])
        for arn in wanted:
            if arn not in attached:
                iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        for arn in attached:
            if arn not in wanted:
                iam.detach_role_policy(RoleName=name, PolicyArn=arn)


class Policy(Handler):
    """An inline policy of roles, users and groups; Ref is its name with the stack's prefix."""

    type = "AWS::IAM::Policy"
    life = Life.LIVE
    properties = frozenset({"Groups", "PolicyDocument", "PolicyName", "Roles", "Users"})
    required = frozenset({"PolicyDocument", "PolicyName"})
    replace_on = frozenset({"PolicyName"})

    _KINDS = (("Roles", "role"), ("Users", "user"), ("Groups", "group"))

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """PutRolePolicy (PutUserPolicy, PutGroupPolicy) for each principal."""
        physical_id = context.name(_POLICY_NAME)
        context.made(physical_id)
        self._put(context, {}, properties)
        return Created(physical_id)

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """The document and the principals change in place."""
        self._put(context, old, new)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """Take the policy from each principal."""
        self._put(context, properties, {})

    def _put(self, context: ResourceContext, old: Properties, new: Properties) -> None:
        iam = context.client("iam")
        for plural, kind in self._KINDS:
            argument = f"{kind.capitalize()}Name"
            for name in new.get(plural, []):
                getattr(iam, f"put_{kind}_policy")(
                    **{argument: name},
                    PolicyName=new["PolicyName"],
                    PolicyDocument=document(new["PolicyDocument"]),
                )
            for name in old.get(plural, []):
                if name not in new.get(plural, []):
                    ignoring(
                        _GONE,
                        getattr(iam, f"delete_{kind}_policy"),
                        **{argument: name, "PolicyName": old["PolicyName"]},
                    )


class ManagedPolicy(Handler):
    """Ref is the policy's ARN; attributes PolicyArn and PolicyId."""

    type = "AWS::IAM::ManagedPolicy"
    life = Life.LIVE
    properties = frozenset(
        {
            "Description",
            "Groups",
            "ManagedPolicyName",
            "Path",
            "PolicyDocument",
            "Roles",
            "Users",
        }
    )
    required = frozenset({"PolicyDocument"})
    replace_on = frozenset({"Description", "ManagedPolicyName", "Path"})
    name_property = "ManagedPolicyName"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreatePolicy, attached to each principal."""
        iam = context.client("iam")
        optional = {
            name: properties[name] for name in ("Description", "Path") if name in properties
        }
        policy = iam.create_policy(
            PolicyName=properties.get("ManagedPolicyName") or context.name(_POLICY_NAME),
            PolicyDocument=document(properties["PolicyDocument"]),
            **optional,
        )["Policy"]
        context.made(policy["Arn"])
        self._attach(iam, policy["Arn"], {}, properties)
        return Created(policy["Arn"], {"PolicyArn": policy["Arn"], "PolicyId": policy["PolicyId"]})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """A new default version; IAM keeps five, so the oldest that is not in use goes."""
        iam = context.client("iam")
        if changed(old, new, "PolicyDocument"):
            versions = iam.list_policy_versions(PolicyArn=physical_id)["Versions"]
            spare = [version for version in versions if not version["IsDefaultVersion"]]
            if len(versions) >= 5:
                oldest = min(spare, key=lambda version: version["CreateDate"])
                iam.delete_policy_version(PolicyArn=physical_id, VersionId=oldest["VersionId"])
            iam.create_policy_version(
                PolicyArn=physical_id,
                PolicyDocument=document(new["PolicyDocument"]),
                SetAsDefault=True,
            )
        self._attach(iam, physical_id, old, new)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """Detach, drop old versions, DeletePolicy."""
        iam = context.client("iam")
        self._attach(iam, physical_id, properties, {})
        for version in iam.list_policy_versions(PolicyArn=physical_id)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=physical_id, VersionId=version["VersionId"])
        ignoring(_GONE, iam.delete_policy, PolicyArn=physical_id)

    @staticmethod
    def _attach(iam: Any, arn: str, old: Properties, new: Properties) -> None:
        for plural, kind in (("Roles", "role"), ("Users", "user"), ("Groups", "group")):
            argument = f"{kind.capitalize()}Name"
            for name in new.get(plural, []):
                if name not in old.get(plural, []):
                    getattr(iam, f"attach_{kind}_policy")(**{argument: name}, PolicyArn=arn)
            for name in old.get(plural, []):
                if name not in new.get(plural, []):
                    ignoring(
                        _GONE,
                        getattr(iam, f"detach_{kind}_policy"),
                        **{argument: name, "PolicyArn": arn},
                    )
