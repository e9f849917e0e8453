"""`penstock plan --check-account`: the caller's account, read with boto3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from penstock.cli.errors import UsageError

if TYPE_CHECKING:
    from penstock.planner.account import Finding
    from penstock.planner.quotas import QuotaNeed


def check_account(needs: Sequence[QuotaNeed], *, region: str, own_endpoint: str) -> list[Finding]:
    """Each need beside the account that the environment's credentials are of.

    Raises:
        UsageError: there are no credentials, or AWS cannot be reached.
    """
    import functools

    import boto3
    from botocore.exceptions import BotoCoreError

    from penstock.planner.account import Account

    try:
        session = boto3.Session(region_name=region)
        if session.get_credentials() is None:
            raise UsageError(
                "--check-account: the environment has no credentials: set AWS_PROFILE, or "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        client = functools.cache(session.client)
        return Account(client, own_endpoint=own_endpoint).check(needs)
    except BotoCoreError as error:
        raise UsageError(f"--check-account: {error}") from error
