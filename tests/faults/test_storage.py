"""S3 refuses requests: Firehose writes again, other services ask again, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from penstock.localcloud.shims import s3_faults
from tests.faults.ingestion import Ingestion, digits
from tests.offline.bare_cloud import BareCloud, patched, running_server

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("faults-storage")]

SERVICE = "sagemaker.amazonaws.com"
OBJECT = {"Bucket": "lake", "Key": "records/1"}


@pytest.fixture
def bare(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[BareCloud]:
    with running_server(tmp_path, [request.param]) as context, patched(context) as cloud:
        s3_faults.install(cloud.patches, faults=context.faults)
        cloud.client("s3").create_bucket(Bucket="lake")
        yield cloud


@pytest.mark.parametrize(
    ("bare", "status", "code", "text"),
    [
        ("s3-slow-down=2", 503, "SlowDown", "Please reduce your request rate."),
        ("s3-internal-error=2", 500, "InternalError", "We encountered an internal error. "),
    ],
    indirect=["bare"],
)
def test_a_role_is_refused_and_whoever_deploys_is_not(
    bare: BareCloud, status: int, code: str, text: str
) -> None:
    bare.client("s3").put_object(**OBJECT, Body=b"whole")
    s3 = bare.context.clients.for_role(bare.role_arn, "s3", by=SERVICE)
    for call in (lambda: s3.put_object(**OBJECT, Body=b"half"), lambda: s3.get_object(**OBJECT)):
        with pytest.raises(ClientError) as refused:
            call()
        answer = refused.value.response
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
        assert answer["Error"]["Code"] == code
        assert answer["Error"]["Message"].startswith(text)
    # used up; what was refused was not done
    assert s3.get_object(**OBJECT)["Body"].read() == b"whole"


@pytest.mark.parametrize("bare", ["s3-slow-down=2"], indirect=True)
def test_a_service_asks_again(bare: BareCloud) -> None:
    bare.client("s3").put_object(**OBJECT, Body=b"whole")
    s3 = bare.context.clients.for_role(bare.role_arn, "s3", by=SERVICE, attempts=3)
    assert s3.get_object(**OBJECT)["Body"].read() == b"whole"
    (entry,) = bare.context.faults.entries()
    assert "GET answered 503 SlowDown (2 times); then GET answered when it" in entry["line"]


@pytest.mark.parametrize("fault", ["s3-slow-down=3", "s3-internal-error=3"])
def test_firehose_writes_again_until_the_objects_are_there_once(
    given: Callable[..., Ingestion], fault: str
) -> None:
    ingestion = given(fault)
    account = ingestion.send([*digits(40), b"no json"])
    assert account["delivered"] == 40
    assert account["failed"] == {"source": 0, "transform": 1, "conversion": 0}
    assert set(ingestion.rows().values()) == {1}
    happened, line = ingestion.fault()
    assert happened == 3
    assert "PUT answered when it came again (2 times)" in line
    assert len(ingestion.delivery_log('"S3."')) == 3
