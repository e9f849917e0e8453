"""What the hosting worker needs to know of an endpoint, and how it says what became of it."""

from __future__ import annotations

from typing import Protocol


class Endpoint(Protocol):
    """An endpoint as the API knows it."""

    name: str
    arn: str

    def in_service(self, config_name: str) -> None:
        """EndpointStatus InService with this configuration."""

    def failed(self, reason: str) -> None:
        """EndpointStatus Failed: it could not be created."""

    def update_failed(self, reason: str) -> None:
        """InService with the old configuration and a FailureReason.

        Not in the API reference, which says Failed; this is what users observe
        (hashicorp/terraform-provider-aws issue 39099).
        """
