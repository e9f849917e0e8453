"""What the engine raises: a template that cannot be used, and a resource that failed."""

from __future__ import annotations

import logging

from botocore.exceptions import ClientError

from penstock.localcloud.errors import LocalCloudError

log = logging.getLogger(__name__)


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


def logged_reason(error: Exception) -> str:
    """The status reason; where the error comes from goes to the debug log."""
    reason = reason_of(error)
    log.debug("a resource failed: %s", reason, exc_info=error)
    return reason


def resource_failed(verb: str, logical_id: str, type_: str, reason: str) -> ResourceError:
    """What the stack says when it could not create, update or delete a resource."""
    return ResourceError(
        f"The following resource(s) failed to {verb}: [{logical_id}] ({type_}: {reason}). "
    )
