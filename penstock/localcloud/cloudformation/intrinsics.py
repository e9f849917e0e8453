"""CloudFormation's intrinsic functions, conditions and dynamic references."""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from typing import Any, Protocol

from penstock.localcloud.cloudformation.errors import TemplateError

_SUB = re.compile(r"\$\{(!?)([^}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:(ssm-secure|ssm|secretsmanager):([^{}]+)\}\}")


class _NoValue:
    """The value of AWS::NoValue: whatever holds it is left out."""


NO_VALUE = _NoValue()


class Scope(Protocol):
    """Where names in a template get their values from."""

    def ref(self, name: str) -> Any:
        """The value of a parameter, pseudo parameter, or resource (its physical id)."""

    def attribute(self, logical_id: str, name: str) -> Any:
        """The value of Fn::GetAtt."""

    def mappings(self) -> dict[str, Any]:
        """The template's Mappings."""

    def condition(self, name: str) -> bool:
        """The value of a named condition."""

    def imported(self, export: str) -> Any:
        """The value of another stack's export."""

    def stack_output(self, stack: str, output: str) -> Any:
        """An output of another stack, exported or not."""

    def dynamic(self, service: str, reference: str) -> str:
        """The value of {{resolve:service:reference}}."""

    def zones(self, region: str) -> list[str]:
        """The names of a region's availability zones."""


def intrinsic_of(value: Any) -> str | None:
    """The name of the function when `value` is a call of one ("Ref", "Fn::Sub"), else None."""
    if isinstance(value, dict) and len(value) == 1:
        key = str(next(iter(value)))
        if key == "Ref" or key.startswith("Fn::"):
            return key
    return None


def sub_references(text: str) -> list[tuple[str, bool]]:
    """Names used by a Fn::Sub string, each with whether it is literal (`${!x}`)."""
    return [(match[2].strip(), match[1] == "!") for match in _SUB.finditer(text)]


class Resolver:
    """Replaces every intrinsic function in a value by what it stands for.

    The functions are those of the CloudFormation user guide's intrinsic function reference;
    one that is not known here is an error by its name.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._functions = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
            "Fn::ImportValue": self._import_value,
            "Fn::GetStackOutput": self._get_stack_output,
            "Fn::If": self._if,
            "Fn::Base64": self._base64,
            "Fn::GetAZs": self._get_azs,
            "Fn::Length": self._length,
            "Fn::ToJsonString": self._to_json_string,
            "Fn::Cidr": self._cidr,
        }

    def resolve(self, value: Any) -> Any:
        """`value` without functions; parts that are AWS::NoValue are left out of lists and maps."""
        if isinstance(value, dict):
            name = intrinsic_of(value)
            if name is not None:
                function = self._functions.get(name)
                if function is None:
                    raise TemplateError(
                        f"Template error: the intrinsic function {name} is not known here"
                    )
                return function(value[name])
            pairs = ((key, self.resolve(item)) for key, item in value.items())
            return {key: item for key, item in pairs if item is not NO_VALUE}
        if isinstance(value, list):
            items = (self.resolve(item) for item in value)
            return [item for item in items if item is not NO_VALUE]
        if isinstance(value, str):
            return self._dynamic(value)
        return value

    def test(self, expression: Any) -> bool:
        """The value of a condition expression (Conditions and Rules sections)."""
        if isinstance(expression, dict) and len(expression) == 1:
            name, argument = next(iter(expression.items()))
            if name == "Condition":
                return self._scope.condition(str(argument))
            if name == "Fn::Equals":
                left, right = self._pair(name, argument)
                return text_of(self._operand(left)) == text_of(self._operand(right))
            if name == "Fn::Not":
                self._check_count(name, argument, 1, 1)
                return not self.test(argument[0])
            if name == "Fn::And":
                self._check_count(name, argument, 2, 10)
                return all(self.test(item) for item in argument)
            if name == "Fn::Or":
                self._check_count(name, argument, 2, 10)
                return any(self.test(item) for item in argument)
            if name == "Fn::Contains":  # Rules only
                members, member = self._pair(name, argument)
                values = [text_of(item) for item in self.resolve(members)]
                return text_of(self.resolve(member)) in values
            raise TemplateError(
                f"Template error: {name} is not a condition function that is known here; "
                "use Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition"
            )
        if isinstance(expression, bool):
            return expression
        if expression in ("true", "false"):
            return bool(expression == "true")
        raise TemplateError(f"Template error: {expression!r} is not a condition")

    def _operand(self, value: Any) -> Any:
        if isinstance(value, dict) and len(value) == 1:
            name = next(iter(value))
            if name in ("Condition", "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not"):
                return self.test(value)
        return self.resolve(value)

    @staticmethod
    def _pair(name: str, argument: Any) -> tuple[Any, Any]:
        if not isinstance(argument, list) or len(argument) != 2:
            raise TemplateError(f"Template error: {name} takes a list of two values")
        return argument[0], argument[1]

    @staticmethod
    def _check_count(name: str, argument: Any, least: int, most: int) -> None:
        if not isinstance(argument, list) or not least <= len(argument) <= most:
            raise TemplateError(f"Template error: {name} takes a list of {least} to {most} values")

    def _text(self, function: str, value: Any) -> str:
        resolved = self.resolve(value)
        if isinstance(resolved, dict | list) or resolved is NO_VALUE:
            raise TemplateError(f"Template error: every value of {function} must be a string")
        return text_of(resolved)

    def _ref(self, argument: Any) -> Any:
        if argument == "AWS::NoValue":
            return NO_VALUE
        return self._scope.ref(str(argument))

    def _get_att(self, argument: Any) -> Any:
        if isinstance(argument, str):
            argument = argument.split(".", 1)
        if not isinstance(argument, list) or len(argument) < 2:
            raise TemplateError("Template error: Fn::GetAtt takes a logical id and an attribute")
        name = self._text("Fn::GetAtt", argument[1])
        return self._scope.attribute(str(argument[0]), ".".join([name, *argument[2:]]))

    def _sub(self, argument: Any) -> str:
        if isinstance(argument, list):
            template, given = self._pair("Fn::Sub", argument)
            variables = {key: self._text("Fn::Sub", item) for key, item in given.items()}
        else:
            template, variables = argument, {}
        if not isinstance(template, str):
            raise TemplateError("Template error: the first value of Fn::Sub must be a string")

        def replacement(match: re.Match[str]) -> str:
            name = match[2].strip()
            if match[1]:
                return "${" + name + "}"
            if name in variables:
                return variables[name]
            if "." in name:
                return self._text("Fn::Sub", {"Fn::GetAtt": name})
            return self._text("Fn::Sub", {"Ref": name})

        return self._dynamic(_SUB.sub(replacement, template))

    def _join(self, argument: Any) -> str:
        separator, items = self._pair("Fn::Join", argument)
        resolved = self.resolve(items)
        if not isinstance(resolved, list):
            raise TemplateError("Template error: the second value of Fn::Join must be a list")
        if any(isinstance(item, dict | list) for item in resolved):
            raise TemplateError("Template error: every item of Fn::Join must be a string")
        return self._dynamic(str(separator).join(text_of(item) for item in resolved))

    def _select(self, argument: Any) -> Any:
        index, items = self._pair("Fn::Select", argument)
        resolved = self.resolve(items)
        position = int(self._text("Fn::Select", index))
        if not isinstance(resolved, list) or not 0 <= position < len(resolved):
            raise TemplateError(f"Template error: Fn::Select cannot select item {position}")
        return resolved[position]

    def _split(self, argument: Any) -> list[str]:
        separator, text = self._pair("Fn::Split", argument)
        return self._text("Fn::Split", text).split(str(separator))

    def _find_in_map(self, argument: Any) -> Any:
        self._check_count("Fn::FindInMap", argument, 3, 4)
        name, first, second = (self._text("Fn::FindInMap", item) for item in argument[:3])
        try:
            return self.resolve(self._scope.mappings()[name][first][second])
        except KeyError:
            if len(argument) == 4 and isinstance(argument[3], dict):
                return self.resolve(argument[3]["DefaultValue"])
            raise TemplateError(
                f"Template error: Unable to get mapping for {name}::{first}::{second}"
            ) from None

    def _import_value(self, argument: Any) -> Any:
        return self._scope.imported(self._text("Fn::ImportValue", argument))

    def _get_stack_output(self, argument: Any) -> Any:
        """What CDK writes for weak references (aws-cdk-lib 2.275.0, Fn.getStackOutput)."""
        resolved = self.resolve(argument)
        region = resolved.get("Region", self._scope.ref("AWS::Region"))
        if region != self._scope.ref("AWS::Region") or resolved.get("RoleArn"):
            raise TemplateError(
                "Template error: Fn::GetStackOutput reaches this account and region only here"
            )
        return self._scope.stack_output(resolved["StackName"], resolved["OutputName"])

    def _if(self, argument: Any) -> Any:
        self._check_count("Fn::If", argument, 3, 3)
        return self.resolve(argument[1] if self._scope.condition(argument[0]) else argument[2])

    def _base64(self, argument: Any) -> str:
        return base64.b64encode(self._text("Fn::Base64", argument).encode()).decode()

    def _get_azs(self, argument: Any) -> list[str]:
        region = self._text("Fn::GetAZs", argument) or str(self._scope.ref("AWS::Region"))
        return self._scope.zones(region)

    def _length(self, argument: Any) -> int:
        resolved = self.resolve(argument)
        if not isinstance(resolved, list):
            raise TemplateError("Template error: Fn::Length takes a list")
        return len(resolved)

    def _to_json_string(self, argument: Any) -> str:
        return json.dumps(self.resolve(argument), separators=(",", ":"))

    def _cidr(self, argument: Any) -> list[str]:
        self._check_count("Fn::Cidr", argument, 2, 3)
        block = ipaddress.ip_network(self._text("Fn::Cidr", argument[0]))
        count = int(self._text("Fn::Cidr", argument[1]))
        # without host bits CloudFormation takes 8, that is /24 blocks for IPv4
        bits = int(self._text("Fn::Cidr", argument[2])) if len(argument) == 3 else 8
        subnets = block.subnets(new_prefix=block.max_prefixlen - bits)
        chosen = [str(subnet) for subnet, _ in zip(subnets, range(count), strict=False)]
        if len(chosen) < count:
            raise TemplateError(f"Template error: {block} does not hold {count} blocks")
        return chosen

    def _dynamic(self, text: str) -> str:
        if "{{resolve:" not in text:
            return text
        resolved = _DYNAMIC.sub(lambda match: self._scope.dynamic(match[1], match[2]), text)
        if "{{resolve:" in resolved:
            raise TemplateError(
                f"Template error: {text!r} has a dynamic reference that is not known here; "
                "ssm, ssm-secure and secretsmanager are"
            )
        return resolved


def text_of(value: Any) -> str:
    """A scalar as CloudFormation writes it into strings: true, false, 5, 0.5."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def canonical(value: Any) -> Any:
    """`value` with scalars as strings: what CloudFormation compares on an update."""
    if isinstance(value, dict):
        return {key: canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    return text_of(value)
