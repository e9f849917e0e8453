"""The base of the stacks: its name, and no bootstrap rule in its template."""

from __future__ import annotations

from aws_cdk import DefaultStackSynthesizer, IBoundStackSynthesizer, Stack
from constructs import Construct

from stacks.names import Names


class LayerSynthesizer(DefaultStackSynthesizer):
    """One stack's own: CDK would make a copy for the stack, which jsii takes for the original.

    A construct that adds a file by the stack's synthesizer would meet an unbound one.
    """

    def __init__(self) -> None:
        super().__init__(generate_bootstrap_version_rule=False)

    def reusable_bind(self, stack: Stack) -> IBoundStackSynthesizer:
        """Bind this very object."""
        self.bind(stack)
        return self


class Layer(Stack):
    """One layer of a pipeline.

    The bootstrap rule would bring a parameter of its own into each template; the deployment
    state machine updates the serving stack with every parameter's previous value and should
    meet none but the model's. The CDK command checks the bootstrap version all the same.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, names: Names, description: str
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            stack_name=names.stack(construct_id),
            description=description,
            synthesizer=LayerSynthesizer(),
        )
