"""How condition operators compare one value of the request with one of the policy.

Source: IAM user guide, "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from penstock.localcloud.authorization.errors import NotUnderstoodError
from penstock.localcloud.authorization.variables import Context, Text

Compare = Callable[[str, Text, Context], bool | None]


@dataclass(frozen=True)
class Operator:
    """One operator without qualifier and IfExists.

    `compare` answers None where a policy variable has no value in the request.
    """

    compare: Compare
    negated: bool = False


def _string_equals(value: str, wanted: Text, context: Context) -> bool | None:
    plain = wanted.plain(context)
    return None if plain is None else value == plain


def _string_equals_ignore_case(value: str, wanted: Text, context: Context) -> bool | None:
    plain = wanted.plain(context)
    return None if plain is None else value.lower() == plain.lower()


def _string_like(value: str, wanted: Text, context: Context) -> bool | None:
    return wanted.matches(value, context)


def _bool(value: str, wanted: Text, context: Context) -> bool | None:
    plain = wanted.plain(context)
    if plain is None:
        return None
    if plain.lower() not in ("true", "false"):
        raise NotUnderstoodError(f"{plain!r} is neither true nor false")
    return value.lower() == plain.lower()


def _arn(value: str, wanted: Text, context: Context) -> bool | None:
    try:
        return wanted.matches_arn(value, context)
    except ValueError as error:
        raise NotUnderstoodError(str(error)) from None


def _without_variables(compare: Callable[[str, str], bool]) -> Compare:
    """For the operators that take no policy variables."""
    return lambda value, wanted, _context: compare(value, wanted.written)


def _binary(value: str, wanted: str) -> bool:
    """Both are base64; the bytes are compared."""
    try:
        return base64.b64decode(value, validate=True) == base64.b64decode(wanted, validate=True)
    except binascii.Error:
        raise NotUnderstoodError(f"{value!r} or {wanted!r} is not base64") from None


def _ip_address(value: str, wanted: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        raise NotUnderstoodError(
            f"{value!r} is no address or {wanted!r} no range of addresses"
        ) from None


def _numeric(comparison: Callable[[Decimal, Decimal], bool]) -> Compare:
    def compare(value: str, wanted: str) -> bool:
        try:
            return comparison(Decimal(value), Decimal(wanted))
        except InvalidOperation:
            raise NotUnderstoodError(f"{value!r} or {wanted!r} is no number") from None

    return _without_variables(compare)


def _date(comparison: Callable[[datetime, datetime], bool]) -> Compare:
    return _without_variables(lambda value, wanted: comparison(_moment(value), _moment(wanted)))


def _moment(written: str) -> datetime:
    """ISO 8601 or seconds since 1970; what names no zone is in UTC."""
    try:
        if written.replace(".", "", 1).isdigit() and len(written) > 8:
            return datetime.fromtimestamp(float(written), UTC)
        moment = datetime.fromisoformat(written)
    except (ValueError, OverflowError):
        raise NotUnderstoodError(f"{written!r} is no date") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


OPERATORS: dict[str, Operator] = {
    "StringEquals": Operator(_string_equals),
    "StringNotEquals": Operator(_string_equals, negated=True),
    "StringEqualsIgnoreCase": Operator(_string_equals_ignore_case),
    "StringNotEqualsIgnoreCase": Operator(_string_equals_ignore_case, negated=True),
    "StringLike": Operator(_string_like),
    "StringNotLike": Operator(_string_like, negated=True),
    "NumericEquals": Operator(_numeric(operator.eq)),
    "NumericNotEquals": Operator(_numeric(operator.eq), negated=True),
    "NumericLessThan": Operator(_numeric(operator.lt)),
    "NumericLessThanEquals": Operator(_numeric(operator.le)),
    "NumericGreaterThan": Operator(_numeric(operator.gt)),
    "NumericGreaterThanEquals": Operator(_numeric(operator.ge)),
    "DateEquals": Operator(_date(operator.eq)),
    "DateNotEquals": Operator(_date(operator.eq), negated=True),
    "DateLessThan": Operator(_date(operator.lt)),
    "DateLessThanEquals": Operator(_date(operator.le)),
    "DateGreaterThan": Operator(_date(operator.gt)),
    "DateGreaterThanEquals": Operator(_date(operator.ge)),
    "Bool": Operator(_bool),
    "BinaryEquals": Operator(_without_variables(_binary)),
    "IpAddress": Operator(_without_variables(_ip_address)),
    "NotIpAddress": Operator(_without_variables(_ip_address), negated=True),
    # ArnEquals and ArnLike behave identically
    "ArnEquals": Operator(_arn),
    "ArnLike": Operator(_arn),
    "ArnNotEquals": Operator(_arn, negated=True),
    "ArnNotLike": Operator(_arn, negated=True),
}
