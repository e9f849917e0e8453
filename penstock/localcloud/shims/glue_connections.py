"""Glue connections: changed and deleted, which moto lacks, and shown with their type."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.glue import models
from moto.glue.responses import GlueResponse

from penstock.localcloud.shims.patches import Patches

_SHOWN = ("ConnectionType", "MatchCriteria")


class Connection(models.FakeConnection):  # type: ignore[misc]
    """A connection as GetConnection shows it."""

    def as_dict(self, hide_password: bool = False) -> dict[str, Any]:
        """The Connection structure of the Glue API (botocore 1.44.5 glue model)."""
        shown: dict[str, Any] = super().as_dict(hide_password)
        return shown | {
            name: self.connection_input[name] for name in _SHOWN if name in self.connection_input
        }


def install_connections(patches: Patches) -> None:
    """Add UpdateConnection and DeleteConnection.

    An update takes the place of the whole definition; its name stays the one that was asked for.
    """

    def update_connection(self: Any) -> ActionResult:
        name = self._get_param("Name")
        backend = self.glue_backend
        found = backend.get_connection(self._get_param("CatalogId"), name, "")
        definition = {**self._get_param("ConnectionInput"), "Name": name}
        changed = Connection(backend, found.catalog_id, definition, {})
        changed.created_time = found.created_time
        backend.connections[name] = changed
        return ActionResult({})

    def delete_connection(self: Any) -> ActionResult:
        name = self._get_param("ConnectionName")
        # EntityNotFoundException for one that is not there
        found = self.glue_backend.get_connection(self._get_param("CatalogId"), name, "")
        self.glue_backend.tagger.delete_all_tags_for_resource(found.arn)
        del self.glue_backend.connections[name]
        return ActionResult({})

    patches.replace(models, "FakeConnection", Connection)
    patches.add(GlueResponse, "update_connection", update_connection)
    patches.add(GlueResponse, "delete_connection", delete_connection)
