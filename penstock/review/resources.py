"""Section: all resources by stack."""

from __future__ import annotations

from collections import Counter

from penstock.html.wording import counted
from penstock.review.assembly import Assembly, Stack
from penstock.review.blocks import Block, Cell, Folded, Paragraph, Section, Table, code, soft


def resources(assembly: Assembly) -> Section:
    """Every stack with its resources, in the order of deployment."""
    blocks: list[Block] = [
        Paragraph("Stacks in the order of their deployment. Kept: deleting the stack leaves it.")
    ]
    blocks += [_stack(stack) for stack in assembly.stacks]
    nested = [resource.name for resource in assembly.of_type("AWS::CloudFormation::Stack")]
    if nested:
        blocks.append(
            Paragraph(f"What is inside of nested stacks is not shown: {', '.join(nested)}.")
        )
    return Section("resources", "Resources by stack", blocks)


def _stack(stack: Stack) -> Block:
    kinds = Counter(resource.type for resource in stack.resources.values())
    rows: list[list[Cell]] = [
        [
            resource.name,
            code(resource.type),
            str(resource.document.get("Condition", "")),
            "kept" if resource.is_kept else soft("deleted"),
        ]
        for resource in stack.resources.values()
    ]
    region = stack.region or "any region"
    summary = (
        f"{stack.name}: {counted(len(stack.resources), 'resource')} of "
        f"{counted(len(kinds), 'type')}, {region}"
    )
    told = stack.template.get("Description")
    table = Table(["resource", "type", "only if", "with the stack"], rows)
    return Folded(summary, [Paragraph(str(told)), table] if told else [table])
