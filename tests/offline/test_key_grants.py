"""KMS grants in the local cloud: who may make one, what it allows, and who may take it back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from penstock.localcloud.cloud import LocalCloud
from tests.offline.authorization_lab import SERVICE, AuthorizationLab, allow, refused, said

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("key-grants")]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthorizationLab]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        yield AuthorizationLab(cloud)


def key(lab: AuthorizationLab) -> str:
    """The ARN of a key whose policy leaves it to the account."""
    return str(lab.admin("kms").create_key()["KeyMetadata"]["Arn"])


def acting(lab: AuthorizationLab, role: str, service: str = "kms") -> Any:
    return lab.cloud.context.clients.for_role(role, service, by=SERVICE)


def grant(lab: AuthorizationLab, on: str, to: str, *operations: str, **more: Any) -> dict[str, Any]:
    return dict(
        lab.admin("kms").create_grant(
            KeyId=on, GranteePrincipal=to, Operations=list(operations), **more
        )
    )


def test_a_grant_allows_its_grantee_its_operations_on_that_key(lab: AuthorizationLab) -> None:
    role, other = lab.role(), lab.role()
    mine, another = key(lab), key(lab)
    kms = acting(lab, role)
    refused(kms.encrypt, KeyId=mine, Plaintext=b"a")
    grant(lab, mine, role, "Encrypt", "DescribeKey")
    kms.encrypt(KeyId=mine, Plaintext=b"a")
    kms.describe_key(KeyId=mine)
    refused(kms.generate_data_key, KeyId=mine, KeySpec="AES_256")
    refused(kms.encrypt, KeyId=another, Plaintext=b"a")
    refused(acting(lab, other).encrypt, KeyId=mine, Plaintext=b"a")


def test_a_grant_serves_a_service_that_uses_the_key_for_its_grantee(lab: AuthorizationLab) -> None:
    name, key_arn = lab.bucket(), key(lab)
    role = lab.role(allow("s3:PutObject", f"arn:aws:s3:::{name}/*"))
    encrypted = {
        "Bucket": name,
        "Key": "a",
        "Body": b"a",
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": key_arn,
    }
    refused(acting(lab, role, "s3").put_object, **encrypted)
    grant(lab, key_arn, role, "GenerateDataKey")
    acting(lab, role, "s3").put_object(**encrypted)


def test_a_grant_holds_for_its_encryption_context_alone(lab: AuthorizationLab) -> None:
    role, key_arn = lab.role(), key(lab)
    equal = {"EncryptionContextEquals": {"team": "blue"}}
    grant(lab, key_arn, role, "Encrypt", "DescribeKey", Constraints=equal)
    kms = acting(lab, role)
    blue = {"KeyId": key_arn, "Plaintext": b"a", "EncryptionContext": {"team": "blue"}}
    kms.encrypt(**blue)
    kms.describe_key(KeyId=key_arn)
    refused(kms.encrypt, **{**blue, "EncryptionContext": {"team": "red"}})
    refused(kms.encrypt, **{**blue, "EncryptionContext": {"team": "blue", "more": "a"}})
    refused(kms.encrypt, KeyId=key_arn, Plaintext=b"a")
    subset = {"EncryptionContextSubset": {"team": "blue"}}
    grant(lab, key_arn, role, "Encrypt", Constraints=subset)
    kms.encrypt(**{**blue, "EncryptionContext": {"team": "blue", "more": "a"}})


def test_encrypting_again_looks_at_the_context_of_either_side(lab: AuthorizationLab) -> None:
    role, key_arn = lab.role(), key(lab)
    blue, red = {"team": "blue"}, {"team": "red"}
    to_red = {"EncryptionContextEquals": red}
    grant(lab, key_arn, role, "ReEncryptFrom", Constraints={"EncryptionContextEquals": blue})
    grant(lab, key_arn, role, "ReEncryptTo", Constraints=to_red)
    admin, kms = lab.admin("kms"), acting(lab, role)

    def encrypted(context: dict[str, str]) -> dict[str, Any]:
        made = admin.encrypt(KeyId=key_arn, Plaintext=b"a", EncryptionContext=context)
        return {
            "CiphertextBlob": made["CiphertextBlob"],
            "SourceEncryptionContext": context,
            "DestinationKeyId": key_arn,
        }

    kms.re_encrypt(**encrypted(blue), DestinationEncryptionContext=red)
    refused(kms.re_encrypt, **encrypted(blue), DestinationEncryptionContext=blue)
    refused(kms.re_encrypt, **encrypted(red), DestinationEncryptionContext=red)


def test_a_revoked_grant_allows_nothing_any_more(lab: AuthorizationLab) -> None:
    role, key_arn = lab.role(), key(lab)
    made = grant(lab, key_arn, role, "Encrypt")
    kms = acting(lab, role)
    kms.encrypt(KeyId=key_arn, Plaintext=b"a")
    refused(kms.revoke_grant, KeyId=key_arn, GrantId=made["GrantId"])
    lab.admin("kms").revoke_grant(KeyId=key_arn, GrantId=made["GrantId"])
    refused(kms.encrypt, KeyId=key_arn, Plaintext=b"a")


def test_only_whom_a_grant_names_may_retire_it(lab: AuthorizationLab) -> None:
    key_arn = key(lab)
    grantee, retiring = lab.role(), lab.role()
    policy_alone = lab.role(allow("kms:*", "*"))
    first = grant(lab, key_arn, grantee, "Encrypt", RetiringPrincipal=retiring)
    refused(acting(lab, policy_alone).retire_grant, GrantToken=first["GrantToken"])
    refused(acting(lab, grantee).retire_grant, GrantToken=first["GrantToken"])
    acting(lab, retiring).retire_grant(GrantToken=first["GrantToken"])
    refused(acting(lab, grantee).encrypt, KeyId=key_arn, Plaintext=b"a")
    second = grant(lab, key_arn, grantee, "RetireGrant")
    acting(lab, grantee).retire_grant(KeyId=key_arn, GrantId=second["GrantId"])
    assert lab.admin("kms").list_grants(KeyId=key_arn)["Grants"] == []


def test_a_policy_limits_which_grants_are_made(lab: AuthorizationLab) -> None:
    key_arn, grantee, other = key(lab), lab.role(), lab.role()
    limits = {
        "StringEquals": {"kms:GranteePrincipal": grantee},
        "ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "Decrypt"]},
    }
    kms = lab.client("kms", allow("kms:CreateGrant", key_arn, Condition=limits))
    made = {"KeyId": key_arn, "GranteePrincipal": grantee, "Operations": ["Decrypt"]}
    kms.create_grant(**made)
    refused(kms.create_grant, **{**made, "GranteePrincipal": other})
    refused(kms.create_grant, **{**made, "Operations": ["Decrypt", "Sign"]})
    for_services = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    refused(lab.client("kms", allow("kms:*", key_arn, Condition=for_services)).create_grant, **made)


def test_a_grantee_hands_on_no_more_than_it_has(lab: AuthorizationLab) -> None:
    key_arn, grantee, other = key(lab), lab.role(), lab.role()
    grant(lab, key_arn, grantee, "CreateGrant", "Encrypt")
    kms = acting(lab, grantee)
    child = {"KeyId": key_arn, "GranteePrincipal": other}
    refused(kms.create_grant, **child, Operations=["Decrypt"])
    kms.create_grant(**child, Operations=["Encrypt"])
    acting(lab, other).encrypt(KeyId=key_arn, Plaintext=b"a")


def test_a_key_that_is_not_there_is_no_way_in(lab: AuthorizationLab) -> None:
    missing = "00000000-0000-0000-0000-000000000000"
    error = refused(lab.client("kms").describe_key, KeyId=missing)
    assert error["Code"] == "AccessDeniedException"
    allowed = lab.client("kms", allow("kms:DescribeKey", "*"))
    assert refused(allowed.describe_key, KeyId=missing)["Code"] == "NotFoundException"


def training(lab: AuthorizationLab, role: str, key_arn: str) -> dict[str, Any]:
    bucket = lab.bucket()
    return {
        "TrainingJobName": lab.name("job"),
        "RoleArn": role,
        "AlgorithmSpecification": {
            "TrainingImage": "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1",
            "TrainingInputMode": "File",
        },
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/out"},
        "ResourceConfig": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": 1,
            "VolumeSizeInGB": 10,
            "VolumeKmsKeyId": key_arn,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }


def test_a_job_with_encrypted_volumes_needs_its_role_to_make_grants(lab: AuthorizationLab) -> None:
    key_arn = key(lab)
    sagemaker = lab.admin("sagemaker")
    trusts = {"trusts": "sagemaker.amazonaws.com"}
    unable = training(lab, lab.role(**trusts), key_arn)
    error = refused(sagemaker.create_training_job, **unable)
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"].endswith(said("kms:CreateGrant", key_arn))
    for_services = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    doubtful = lab.role(allow("kms:CreateGrant", key_arn, Condition=for_services), **trusts)
    error = refused(sagemaker.create_training_job, **training(lab, doubtful, key_arn))
    assert "the local cloud does not understand it" in error["Message"]
    able = training(lab, lab.role(allow("kms:CreateGrant", key_arn), **trusts), key_arn)
    sagemaker.create_training_job(**able)
    assert sagemaker.describe_training_job(TrainingJobName=able["TrainingJobName"])
