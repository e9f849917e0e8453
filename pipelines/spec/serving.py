"""The real-time endpoint that answers requests."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, PrivateAttr

from penstock.advisor import Advice, choose
from penstock.advisor import Hosting as HostingNeed
from pipelines.spec.base import Spec, within
from pipelines.spec.capture import Capture
from pipelines.spec.instances import AUTO, choice, usable_for


class Serving(Spec):
    """One production variant behind the endpoint `<pipeline>-<environment>`.

    `instance_type` may be 'auto': the pipeline, which knows the algorithm, then takes the cheapest
    one that fits; `instance_advice` says why.
    """

    instance_type: Annotated[str, AfterValidator(usable_for("hosting"))]
    instance_count: Annotated[int, within("sagemaker.hosting_instances")] = 1
    capture: Capture | None = None
    _advice: Advice | None = PrivateAttr(default=None)

    @property
    def instance_advice(self) -> Advice | None:
        """What was said when the instance type was chosen; None where it was given."""
        return self._advice

    def with_instance_for(self, need: HostingNeed) -> Serving:
        """The same with the instance type that was chosen for a need, if it is to be chosen.

        Raises:
            ValueError: the refusal of 'auto' when nothing fits.
        """
        if self.instance_type != AUTO:
            return self
        advice = choose(need)
        name = choice(advice, "serving.instance_type")
        chosen = self.model_copy(update={"instance_type": name})
        chosen._advice = advice
        return chosen
