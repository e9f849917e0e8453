"""Condition keys whose absence means something here: on AWS they would be absent too.

A key that is neither in this list nor in a request makes a condition not understood: perhaps AWS
would have sent it. Whoever adds a key to requests adds it here. Source of the global ones: IAM user
guide, "AWS global condition context keys"; of the others: Service Authorization Reference.
"""

from __future__ import annotations

from functools import lru_cache

# the value of a key that AWS sends with a call, where nobody here knows it: not understood either
UNKNOWN = ("\ufdd2 not known here",)
# of every call, or of the calls that the source says
_GLOBAL = """
aws:CalledVia aws:CalledViaFirst aws:CalledViaLast aws:CurrentTime aws:EpochTime
aws:FederatedProvider aws:MultiFactorAuthAge aws:MultiFactorAuthPresent aws:PrincipalAccount
aws:PrincipalArn aws:PrincipalIsAWSService aws:PrincipalServiceName
aws:PrincipalServiceNamesList aws:PrincipalType aws:RequestedRegion aws:ResourceAccount
aws:SecureTransport aws:SourceAccount aws:SourceArn aws:SourceIp aws:SourceOwner aws:SourceVpc
aws:SourceVpce
aws:TagKeys aws:TokenIssueTime aws:ViaAWSService aws:userid aws:username
aws:PrincipalOrgID aws:PrincipalOrgPaths aws:ResourceOrgID aws:ResourceOrgPaths aws:SourceOrgID
aws:SourceOrgPaths
"""
_OF_SERVICES = """
cloudformation:ChangeSetName cloudformation:ResourceTypes cloudformation:RoleArn
cloudformation:StackPolicyUrl cloudformation:TemplateUrl
cloudwatch:namespace
events:detail-type events:source
iam:AssociatedResourceArn iam:PassedToService iam:PermissionsBoundary iam:PolicyARN
kms:CallerAccount kms:EncryptionContextKeys kms:GrantConstraintType kms:GrantIsForAWSResource
kms:GrantOperations kms:GranteePrincipal kms:RequestAlias kms:RetiringPrincipal kms:ViaService
lambda:FunctionArn lambda:Principal
s3:delimiter s3:max-keys s3:prefix s3:TlsVersion s3:x-amz-acl s3:x-amz-server-side-encryption
s3:x-amz-server-side-encryption-aws-kms-key-id
s3:authType s3:VersionId s3:x-amz-content-sha256 s3:x-amz-copy-source s3:x-amz-grant-full-control
s3:x-amz-grant-read s3:x-amz-grant-write s3:x-amz-metadata-directive s3:x-amz-storage-class
s3:x-amz-server-side-encryption-customer-algorithm
sagemaker:InstanceTypes sagemaker:ModelApprovalStatus sagemaker:NetworkIsolation
sagemaker:TaggingAction
sns:Endpoint sns:Protocol
ssm:Overwrite ssm:Recursive
sts:ExternalId sts:RoleSessionName
"""
# any name may follow; requests carry those of the resource's tags that policies look at
_FAMILIES = (
    "aws:principaltag/",
    "aws:requesttag/",
    "kms:encryptioncontext:",
)
_KNOWN = frozenset((_GLOBAL + _OF_SERVICES).lower().split())


@lru_cache(maxsize=4096)
def is_known(key: str) -> bool:
    """Whether requests here carry the key (in lower case) whenever they would on AWS."""
    return key in _KNOWN or key.startswith(_FAMILIES)
