"""How cdk-nag spells a resource with a wildcard, so that each can be acknowledged by itself."""

from __future__ import annotations

import re
from typing import Any

from aws_cdk import Reference, Stack, Tokenization

_TOKEN = re.compile(r"\$\{Token\[[^\]]*\]\}")


def finding_of(stack: Stack, resource: str) -> str:
    """The id of the finding that IAM5 reports for a resource in a policy of a stack.

    References become <LogicalId.Attribute> or <Parameter>, and what another stack exports
    becomes the export's name (cdk-nag 3, flattenCfnReference).
    """
    return "IAM5[Resource::" + _TOKEN.sub(lambda match: _flat(stack, match[0]), resource) + "]"


def _flat(stack: Stack, token: str) -> str:
    reference = Tokenization.reverse_string(token).first_token
    if isinstance(reference, Reference):
        home = Stack.of(reference.target)
        if home.node.path != stack.node.path:
            # CDK makes the export at the end of synth; made now, it has the same name
            return _visit(stack.resolve(home.export_value(reference)))
    return _visit(stack.resolve(token))


def _visit(value: Any) -> str:
    if isinstance(value, str):
        return value
    match value:
        case {"Fn::Join": [delimiter, items]}:
            return str(delimiter).join(_visit(item) for item in items)
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{resource}.{attribute}>"
        case {"Fn::ImportValue": name}:
            return _visit(name)
        case {"Ref": name}:
            return f"<{name}>"
    raise TypeError(f"no spelling known for {value!r} in a resource with a wildcard")
