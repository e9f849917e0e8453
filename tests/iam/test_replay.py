"""The replay itself, on records written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.iam.documents import Document, load, write
from tests.iam.replay import Recorded, Replay
from tests.iam.table import Row

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/stage-Reader12345678"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
BUCKET = "arn:aws:s3:::lake"


def document(kind: str, arn: str, logical_id: str, *written: dict[str, Any]) -> Document:
    """A policy of one stack."""
    return Document(
        kind=kind,
        arn=arn,
        name="Access" if kind == "identity" else "policy",
        stack="stage",
        logical_id=logical_id,
        document={"Version": "2012-10-17", "Statement": list(written)},
    )


def question(action: str, resource: str, kind: str = "", **changes: Any) -> dict[str, Any]:
    """One line of a record."""
    return {
        "principal": ROLE,
        "action": action,
        "resource": resource,
        "context": {},
        "verdict": "allowed",
        "resource_kind": kind,
        **changes,
    }


READER = document(
    "identity",
    ROLE,
    "Reader12345678",
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"{BUCKET}/*"},
    {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY},
    {"Effect": "Allow", "Action": "s3:*", "Resource": f"{BUCKET}/twice/*"},
)
TO_ACCOUNT = document(
    "key",
    KEY,
    "Key12345678",
    {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    },
)
SAFE = document(
    "bucket",
    BUCKET,
    "Lake12345678",
    {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"{BUCKET}/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    },
)
SECURE = {"aws:SecureTransport": ["true"]}
RECORD = (
    question("s3:GetObject", f"{BUCKET}/one", "bucket", context=SECURE),
    question("s3:GetObject", f"{BUCKET}/twice/one", "bucket", context=SECURE),
    question("kms:Decrypt", KEY, "key"),
    question("s3:DeleteObject", f"{BUCKET}/one", "bucket", verdict="implicit deny"),
    question("s3:GetObject", "(others)", "bucket"),
    question("s3:GetObject", f"{BUCKET}/one", "bucket", principal="arn:aws:iam::1:user/deployer"),
)


@pytest.fixture
def replay(tmp_path: Path) -> Replay:
    """The record and the policies by way of their files."""
    record = tmp_path / "record"
    record.write_text("".join(json.dumps(entry) + "\n" for entry in RECORD))
    write([READER, TO_ACCOUNT, SAFE], tmp_path / "policies")
    return Replay(load(tmp_path / "policies"), Recorded.read(record))


def labels(recorded: list[Recorded]) -> list[str]:
    """The resources, for short."""
    return [one.resource for one in recorded]


def test_roles_and_services_are_replayed_and_the_verdicts_are_the_same(replay: Replay) -> None:
    assert len(replay.recorded) == 4
    assert [replay.decide(one).kind for one in replay.recorded] == [
        one.verdict for one in replay.recorded
    ]


def test_pieces_are_the_actions_of_allow_statements(replay: Replay) -> None:
    assert [
        (piece.document.logical_id, piece.index, piece.action) for piece in replay.pieces()
    ] == [
        ("Reader12345678", 0, "s3:GetObject"),
        ("Reader12345678", 0, "s3:PutObject"),
        ("Reader12345678", 1, "kms:Decrypt"),
        ("Reader12345678", 2, "s3:*"),
        ("Key12345678", 0, "kms:*"),
    ]


def test_what_a_decision_rests_on(replay: Replay) -> None:
    rested = [
        {(piece.document.kind, piece.action) for piece in replay.rests_on(one)}
        for one in replay.recorded
    ]
    assert rested == [
        {("identity", "s3:GetObject")},
        {("identity", "s3:GetObject")},  # the first that allows it
        {("identity", "kms:Decrypt"), ("key", "kms:*")},
        set(),
    ]


def test_without_an_action_what_only_it_allowed_is_denied(replay: Replay) -> None:
    get, put, decrypt, twice, account = replay.pieces()
    # the third statement still allows what lies below twice/
    assert labels(replay.denied_without(get)) == [f"{BUCKET}/one"]
    assert replay.denied_without(put) == []
    assert labels(replay.denied_without(decrypt)) == [KEY]
    assert replay.denied_without(twice) == []
    assert labels(replay.denied_without(account)) == [KEY]


def test_without_a_statement_what_only_it_allowed_is_denied(replay: Replay) -> None:
    reader, key, _bucket = replay.documents
    assert labels(replay.denied_without_statement(reader, 0)) == [f"{BUCKET}/one"]
    assert replay.denied_without_statement(reader, 2) == []
    assert labels(replay.denied_without_statement(key, 0)) == [KEY]


def test_rows_name_holders_without_the_hash(replay: Replay) -> None:
    pieces = list(replay.pieces())
    put = pieces[1]

    def row(**changes: Any) -> Row:
        return Row(
            **{
                "actions": ("s3:PutObject",),
                "holders": ("Reader",),
                "why": "",
                "source": "",
                **changes,
            }
        )

    assert row().covers("digits", put)
    assert row(holders=("*der",)).covers("digits", put)
    assert not row(holders=("Read",)).covers("digits", put)
    assert not row(actions=("s3:GetObject",)).covers("digits", put)
    assert not row(policy="trust").covers("digits", put)
    assert row(runs=("digits",)).covers("digits", put)
    assert not row(runs=("anomaly",)).covers("digits", put)
    assert row().empty(pieces) == []
    assert row(actions=("s3:Gone",), holders=("Reader",)).empty(pieces) == ["Reader: s3:Gone"]
