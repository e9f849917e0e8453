"""What the engine raises: a template that cannot be used, and a resource that failed."""

from __future__ import annotations

from botocore.exceptions import ClientError

from penstock.localcloud.errors import LocalCloudError


class TemplateError(LocalCloudError):
    """The API refuses a request at once; `code` is the error code that it gives."""

    code = "ValidationError"


class StackExistsError(TemplateError):
    """CreateStack for a name that is taken."""

    code = "AlreadyExistsException"


class CapabilityError(TemplateError):
    """The template makes IAM resources and the request does not acknowledge that."""

    code = "InsufficientCapabilitiesException"


class ResourceError(LocalCloudError):
    """A resource could not be created, updated or deleted; its text is the status reason."""


def reason_of(error: Exception) -> str:
    """One line for a status reason, with the service's own code, message and operation."""
    if isinstance(error, ClientError):
        details = error.response["Error"]
        return (
            f"{details.get('Code', 'Unknown')}: {details.get('Message', '')} "
            f"(operation {error.operation_name})"
        )
    if isinstance(error, LocalCloudError):
        return str(error)
    return f"{type(error).__name__}: {error}"
