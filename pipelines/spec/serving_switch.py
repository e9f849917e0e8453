"""A switch for the endpoint: off is no endpoint, while everything else stays."""

from __future__ import annotations

from typing import Literal

from pipelines.spec.base import Spec
from pipelines.spec.serving_hours import ServingHours


class ServingSwitch(Spec):
    """An endpoint costs money for every hour that it is there, whether or not it is asked.

    `at_first` is where the switch stands when it is made; from then on the switch machine owns
    it, and a change here would write it again at the next deployment. Where an endpoint runs, "off"
    here would have the serving stack delete it, which its stack policy denies: start the machine
    instead. A model that is approved while serving is off waits until it is on. `hours` None
    leaves the switch to people.
    """

    at_first: Literal["on", "off"] = "on"
    hours: ServingHours | None = None

    @property
    def served_share(self) -> float:
        """The share of a week in which there is an endpoint, if people leave the switch alone."""
        if self.hours is not None:
            return self.hours.week_share
        return 1 if self.at_first == "on" else 0
