"""IAM in the local cloud fails closed: a request whose operation nobody can name is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
import urllib3

from penstock.localcloud.cloud import LocalCloud
from tests.offline.authorization_lab import ACCOUNT_ID, SERVICE, AuthorizationLab, allow

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("unnamed-requests")]

_FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthorizationLab]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        yield AuthorizationLab(cloud)


@dataclass(frozen=True)
class Caller:
    """Sends requests as they come, as no SDK would."""

    lab: AuthorizationLab
    access_key: str

    def scope(self, service: str) -> str:
        return f"{self.access_key}/20260102/us-east-1/{service}/aws4_request"

    def signature(self, service: str) -> dict[str, str]:
        form = f"AWS4-HMAC-SHA256 Credential={self.scope(service)}, SignedHeaders=host, Signature=0"
        return {"Authorization": form}

    def sends(
        self,
        method: str,
        path: str,
        *,
        service: str = "",
        headers: Mapping[str, str] | None = None,
        body: str = "",
    ) -> urllib3.BaseHTTPResponse:
        signed = self.signature(service) if service else {}
        return urllib3.request(
            method,
            self.lab.cloud.context.clients.endpoint_url + path,
            headers={**signed, **(headers or {})},
            body=body.encode(),
            redirect=False,
            retries=False,
        )


def administrator_of_everything(lab: AuthorizationLab) -> Caller:
    """A role that may do everything that has a name."""
    role = lab.role(allow("*", "*"))
    keys = lab.cloud.context.clients.environment(role, by=SERVICE)
    return Caller(lab, keys["AWS_ACCESS_KEY_ID"])


def last_denial(lab: AuthorizationLab) -> dict[str, str]:
    entries = lab.cloud.context.authorization.entries()
    return [entry for entry in entries if "line" in entry][-1]


def json_call(target: str) -> dict[str, str]:
    return {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}


def test_a_target_that_no_operation_has_is_denied_in_the_services_form(
    lab: AuthorizationLab,
) -> None:
    lab.admin("ssm").put_parameter(Name="open", Value="secret", Type="String")
    role = administrator_of_everything(lab)
    body = json.dumps({"Name": "open"})
    known = role.sends(
        "POST", "/", service="ssm", headers=json_call("AmazonSSM.GetParameter"), body=body
    )
    assert known.json()["Parameter"]["Value"] == "secret"
    # moto would take any prefix
    answer = role.sends(
        "POST", "/", service="ssm", headers=json_call("Amazon.GetParameter"), body=body
    )
    assert (answer.status, answer.json()["__type"]) == (400, "AccessDeniedException")
    assert "Amazon.GetParameter" in answer.json()["message"]
    denial = last_denial(lab)
    assert denial["verdict"] == "not understood"
    assert "X-Amz-Target Amazon.GetParameter names no operation of ssm" in denial["line"]


def test_an_action_beside_a_json_target_is_denied(lab: AuthorizationLab) -> None:
    # moto would do what the query says, and IAM would have been asked about the target
    role = administrator_of_everything(lab)
    answer = role.sends(
        "POST",
        "/?Action=GetParameter",
        service="ssm",
        headers=json_call("AmazonSSM.DescribeParameters"),
        body="{}",
    )
    assert answer.json()["__type"] == "AccessDeniedException"
    assert "Action=GetParameter" in last_denial(lab)["line"]


def test_a_query_action_that_is_not_known_is_denied_as_xml(lab: AuthorizationLab) -> None:
    role = administrator_of_everything(lab)
    form = {"Content-Type": _FORM}
    answer = role.sends("POST", "/", service="sns", headers=form, body="Action=Shout")
    assert answer.status == 403
    assert b"<Code>AuthorizationError</Code>" in answer.data
    assert "Action Shout names no operation of sns" in last_denial(lab)["line"]


def test_a_method_that_an_object_does_not_have_is_denied(lab: AuthorizationLab) -> None:
    name = lab.bucket("a")
    role = administrator_of_everything(lab)
    answer = role.sends("POST", f"/{name}/a", service="s3")
    assert (answer.status, b"<Code>AccessDenied</Code>" in answer.data) == (403, True)
    assert f"POST /{name}/a names no operation of s3" in last_denial(lab)["line"]


def test_a_service_that_nobody_knows_is_denied(lab: AuthorizationLab) -> None:
    role = administrator_of_everything(lab)
    answer = role.sends("GET", "/", service="teleport")
    assert (answer.status, answer.json()["__type"]) == (403, "AccessDeniedException")
    assert "the SDK knows no service teleport" in last_denial(lab)["line"]
    answer = Caller(lab, "local").sends("GET", "/", service="teleport")
    assert answer.status == 501
    assert "the local cloud has no service teleport" in answer.json()["message"]


@pytest.mark.parametrize(
    "path", ["/?Action=ConfirmSubscription&Token=1", "/latest/meta-data/iam/info"]
)
def test_nobody_gets_in_by_a_path(lab: AuthorizationLab, path: str) -> None:
    answer = Caller(lab, "").sends("GET", path)
    assert answer.status == 403


def test_what_was_signed_for_one_service_is_not_done_by_another(lab: AuthorizationLab) -> None:
    name = lab.bucket("a")
    keys = lab.cloud.context.clients.environment(lab.role(), by=SERVICE)
    nobody = Caller(lab, keys["AWS_ACCESS_KEY_ID"])
    credential = nobody.scope("sts").replace("/", "%2F")
    query = f"Action=GetCallerIdentity&X-Amz-Credential={credential}"
    answer = nobody.sends("GET", f"/{name}/a?{query}")
    assert answer.status == 403
    everything = administrator_of_everything(lab)
    target = json_call("AmazonSSM.DescribeParameters")
    credential = everything.scope("ssm").replace("/", "%2F")
    answer = everything.sends("POST", f"/?X-Amz-Credential={credential}", headers=target, body="{}")
    assert answer.status == 403


def test_an_endpoint_is_not_invoked_by_what_was_signed_for_another_service(
    lab: AuthorizationLab,
) -> None:
    everything = administrator_of_everything(lab)
    path = "/endpoints/none/invocations"
    asked = everything.sends("POST", path, service="sagemaker", body="1")
    assert asked.json()["Message"].startswith("Endpoint none")
    for headers in (
        {"Authorization": everything.signature("s3")["Authorization"] + ", x=/sagemaker/"},
        {"Authorization": "none /sagemaker/"},
    ):
        answer = everything.sends("POST", path, headers=headers, body="1")
        assert answer.status == 403
        assert b"Endpoint none" not in answer.data


def test_who_deploys_hears_from_the_service_what_it_does_not_know(lab: AuthorizationLab) -> None:
    deployer = Caller(lab, "local")
    answer = deployer.sends(
        "POST", "/", service="ssm", headers=json_call("AmazonSSM.NoSuchThing"), body="{}"
    )
    assert b"AccessDenied" not in answer.data


def test_presigned_urls_and_the_root_of_a_bucket_are_understood(lab: AuthorizationLab) -> None:
    name = lab.bucket("a")
    s3 = lab.client(
        "s3",
        allow("s3:GetObject", f"arn:aws:s3:::{name}/*"),
        allow("s3:ListBucket", f"arn:aws:s3:::{name}"),
    )
    s3.head_bucket(Bucket=name)
    url = s3.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "a"})
    assert urllib3.request("GET", url).data == b"there"
    url = s3.generate_presigned_url("put_object", Params={"Bucket": name, "Key": "a"})
    assert urllib3.request("PUT", url, body=b"x").status == 403


def test_motos_own_pages_are_nobodys_secret(lab: AuthorizationLab) -> None:
    answer = Caller(lab, "").sends("GET", "/moto-api/")
    assert answer.status == 200
    assert ACCOUNT_ID not in answer.data.decode()
