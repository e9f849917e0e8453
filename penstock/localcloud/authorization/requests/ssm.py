"""Systems Manager: parameters, and the key of a SecureString."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call, NotDerivedError
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.encryption import key_access
from penstock.localcloud.authorization.requests.naming import tag_context, texts

_WITHOUT = frozenset(["DescribeParameters", "DescribeInstanceInformation", "ListDocuments"])


def accesses(call: Call, lookups: Lookups) -> list[Access]:
    """The operation on each of its parameters; a SecureString is decrypted by the caller's key."""
    action = f"ssm:{call.operation}"
    if call.operation in _WITHOUT:
        return [Access(action, "*")]
    names = _names(call)
    context = dict(tag_context(call))
    if call.operation == "PutParameter":
        overwrite = str(bool(call.parameters.get("Overwrite"))).lower()
        context["ssm:Overwrite"] = (overwrite,)
    if call.operation == "GetParametersByPath":
        context["ssm:Recursive"] = (str(bool(call.parameters.get("Recursive"))).lower(),)
    found = [Access(action, _parameter(call, name), context) for name in names]
    for name in names:
        found += _key_use(call, lookups, name)
    return found


def _names(call: Call) -> tuple[str, ...]:
    many = texts(call.parameters.get("Names"))
    if many:
        return many
    one = call.text("Name") or call.text("Path")
    if not one and call.text("ResourceType") == "Parameter":
        one = call.text("ResourceId")
    if not one:
        raise NotDerivedError(f"no resource is known for ssm:{call.operation}")
    return (one,)


def _parameter(call: Call, name: str) -> str:
    if name.startswith("arn:"):
        return name
    return call.arn("ssm", f"parameter/{name.split(':')[0].lstrip('/')}")


def _key_use(call: Call, lookups: Lookups, name: str) -> list[Access]:
    """KMS developer guide, "How AWS Systems Manager Parameter Store uses AWS KMS"."""
    if call.operation == "PutParameter" and call.text("Type") == "SecureString":
        operation, key = "Encrypt", call.text("KeyId")
    elif call.parameters.get("WithDecryption"):
        operation, key = "Decrypt", lookups.parameter_key(name)
    else:
        return []
    return key_access(
        operation,
        key,
        call,
        lookups,
        via="ssm",
        encryption_context={"PARAMETER_ARN": _parameter(call, name)},
    )
