"""A template with its parameters: which resources it asks for now, and what names mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from penstock.localcloud.cloudformation.errors import TemplateError
from penstock.localcloud.cloudformation.graph import creation_order, references
from penstock.localcloud.cloudformation.intrinsics import Resolver
from penstock.localcloud.cloudformation.state import Output, ResourceState
from penstock.localcloud.cloudformation.template import ParameterValue, Template


class Outside:
    """What a template can read from outside itself; each is a function that may raise."""

    def __init__(
        self,
        *,
        imported: Callable[[str], str],
        stack_output: Callable[[str, str], str],
        dynamic: Callable[[str, str], str],
        zones: Callable[[str], list[str]],
    ) -> None:
        self.imported = imported
        self.stack_output = stack_output
        self.dynamic = dynamic
        self.zones = zones


class Model:
    """The desired state of one stack operation, and the scope in which its values resolve.

    `resources` are the stack's existing resources; the engine replaces entries while it
    works, so that values always come from what exists at that moment.
    """

    def __init__(
        self,
        *,
        template: Template,
        parameters: dict[str, ParameterValue],
        pseudo: Mapping[str, Any],
        tags: dict[str, str],
        outside: Outside,
        resources: dict[str, ResourceState],
    ) -> None:
        self.template = template
        self.parameters = parameters
        self.tags = tags
        self.resources = resources
        self.imports: set[str] = set()
        self._pseudo = pseudo
        self._outside = outside
        self._conditions: dict[str, bool] = {}
        self._evaluating: list[str] = []
        self._resolver = Resolver(self)
        self._check_rules()
        for name in template.section("Conditions"):
            self.condition(name)
        self.active = {
            logical_id: definition
            for logical_id, definition in template.resources.items()
            if "Condition" not in definition or self.condition(definition["Condition"])
        }
        self.dependencies = {
            logical_id: self._dependencies(logical_id, definition)
            for logical_id, definition in self.active.items()
        }
        self.order = creation_order(self.dependencies)
        for key, output in self._active_outputs():
            self._check_references(references(output, self.condition), f"output {key}", "Outputs")

    # -- the scope of the resolver

    def ref(self, name: str) -> Any:
        """A parameter's value, a pseudo parameter, or a resource's physical id."""
        if name in self.parameters:
            return self.parameters[name].value
        if name in self._pseudo:
            return self._pseudo[name]
        return self._existing(name).physical_id

    def attribute(self, logical_id: str, name: str) -> Any:
        """Fn::GetAtt."""
        resource = self._existing(logical_id)
        if name not in resource.attributes:
            raise TemplateError(
                f"Template error: resource {logical_id} ({resource.type}) does not support "
                f"attribute type {name} in Fn::GetAtt; known here: "
                f"{', '.join(sorted(resource.attributes)) or 'none'}"
            )
        return resource.attributes[name]

    def mappings(self) -> dict[str, Any]:
        """The template's Mappings."""
        return self.template.section("Mappings")

    def condition(self, name: str) -> bool:
        """A named condition, evaluated once."""
        if name not in self._conditions:
            expressions = self.template.section("Conditions")
            if name not in expressions:
                raise TemplateError(f"Template format error: Unresolved condition {name}")
            if name in self._evaluating:
                raise TemplateError(f"Template error: circular dependency of condition {name}")
            self._evaluating.append(name)
            self._conditions[name] = self._resolver.test(expressions[name])
            self._evaluating.pop()
        return self._conditions[name]

    def imported(self, export: str) -> str:
        """Another stack's export; remembered, because an export in use cannot go."""
        value = self._outside.imported(export)
        self.imports.add(export)
        return value

    def stack_output(self, stack: str, output: str) -> str:
        """Another stack's output; nothing keeps that stack from changing it."""
        return self._outside.stack_output(stack, output)

    def dynamic(self, service: str, reference: str) -> str:
        """{{resolve:...}}."""
        return self._outside.dynamic(service, reference)

    def zones(self, region: str) -> list[str]:
        """Availability zones."""
        return self._outside.zones(region)

    # -- what the engine asks

    def properties(self, logical_id: str) -> dict[str, Any]:
        """A resource's properties with everything resolved; what it refers to must exist."""
        resolved = self._resolver.resolve(self.active[logical_id].get("Properties") or {})
        if not isinstance(resolved, dict):
            raise TemplateError(f"Template error: Properties of {logical_id} is not an object")
        return resolved

    def metadata(self, logical_id: str) -> Any:
        """A resource's Metadata, resolved."""
        return self._resolver.resolve(self.active[logical_id].get("Metadata"))

    def outputs(self) -> list[Output]:
        """The outputs whose condition holds."""
        outputs = []
        for key, output in self._active_outputs():
            value = self._resolver.resolve(output["Value"])
            if isinstance(value, dict | list):
                raise TemplateError(
                    f"Template format error: The Value field of output {key} must be a string"
                )
            export = output.get("Export")
            outputs.append(
                Output(
                    key,
                    str(value),
                    self._resolver.resolve(output.get("Description")),
                    str(self._resolver.resolve(export["Name"])) if export else None,
                )
            )
        return outputs

    def _active_outputs(self) -> list[tuple[str, dict[str, Any]]]:
        return [
            (key, output)
            for key, output in self.template.section("Outputs").items()
            if "Condition" not in output or self.condition(output["Condition"])
        ]

    def _existing(self, logical_id: str) -> ResourceState:
        if logical_id not in self.resources:
            raise TemplateError(f"Unresolved resource dependencies [{logical_id}] in the template")
        return self.resources[logical_id]

    def _dependencies(self, logical_id: str, definition: dict[str, Any]) -> set[str]:
        used = references(
            [definition.get("Properties"), definition.get("Metadata")], self.condition
        )
        self._check_references(used, f"resource {logical_id}", "Resources")
        explicit = definition.get("DependsOn", [])
        for name in [explicit] if isinstance(explicit, str) else explicit:
            if name not in self.template.resources:
                raise TemplateError(
                    f"Template format error: Unresolved resource dependencies [{name}] "
                    f"in the Resources block of the template (resource {logical_id})"
                )
            used.add(name)
        return used & set(self.active)

    def _check_references(self, used: set[str], where: str, block: str) -> None:
        strangers = sorted(
            name
            for name in used
            if name not in self.active and name not in self.parameters and name not in self._pseudo
            if name != "AWS::NoValue"
        )
        if strangers:
            raise TemplateError(
                f"Template format error: Unresolved resource dependencies "
                f"[{', '.join(strangers)}] in the {block} block of the template ({where})"
            )

    def _check_rules(self) -> None:
        for name, rule in self.template.section("Rules").items():
            if "RuleCondition" in rule and not self._resolver.test(rule["RuleCondition"]):
                continue
            for assertion in rule.get("Assertions", []):
                if not self._resolver.test(assertion["Assert"]):
                    said = assertion.get("AssertDescription", "its assertion is false")
                    raise TemplateError(f"Template error: rule {name}: {said}")
