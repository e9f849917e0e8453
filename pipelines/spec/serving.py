"""The real-time endpoint that answers requests."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from pipelines.spec.base import Spec, within
from pipelines.spec.capture import Capture
from pipelines.spec.instances import usable_for


class Serving(Spec):
    """One production variant behind the endpoint `<pipeline>-<environment>`."""

    instance_type: Annotated[str, AfterValidator(usable_for("hosting"))]
    instance_count: Annotated[int, within("sagemaker.hosting_instances")] = 1
    capture: Capture | None = None
