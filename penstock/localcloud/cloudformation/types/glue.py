"""AWS::Glue: databases, tables, connections, jobs and security configurations."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    changed,
    tag_changes,
    without,
)
from penstock.localcloud.cloudformation.shapes import call
from penstock.localcloud.cloudformation.types.api import ignoring
from penstock.localcloud.ledger import Life

_NAME = NameRule(max_length=255)
_GONE = ("EntityNotFoundException",)


class Database(Handler):
    """Ref is the database's name."""

    type = "AWS::Glue::Database"
    life = Life.LIVE
    properties = frozenset({"CatalogId", "DatabaseInput", "DatabaseName"})
    required = frozenset({"CatalogId", "DatabaseInput"})

    def replaces(self, old: Properties, new: Properties) -> bool:
        """Another name or catalog is another database."""
        return old["CatalogId"] != new["CatalogId"] or self._given(old) != self._given(new)

    @staticmethod
    def _given(properties: Properties) -> str | None:
        name = properties.get("DatabaseName") or properties["DatabaseInput"].get("Name")
        return str(name) if name else None

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateDatabase."""
        # the data catalog keeps names in lower case
        name = self._given(properties) or context.name(_NAME).lower()
        arguments = {
            "CatalogId": properties["CatalogId"],
            "DatabaseInput": {**properties["DatabaseInput"], "Name": name},
        }
        call(context.client("glue"), "create_database", arguments)
        return Created(name)

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """UpdateDatabase."""
        arguments = {
            "Name": physical_id,
            "CatalogId": new["CatalogId"],
            "DatabaseInput": {**new["DatabaseInput"], "Name": physical_id},
        }
        call(context.client("glue"), "update_database", arguments)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteDatabase."""
        ignoring(
            _GONE,
            context.client("glue").delete_database,
            Name=physical_id,
            CatalogId=properties["CatalogId"],
        )


class Table(Handler):
    """Ref is the table's name."""

    type = "AWS::Glue::Table"
    life = Life.LIVE
    properties = frozenset(
        {"CatalogId", "DatabaseName", "Name", "OpenTableFormatInput", "TableInput"}
    )
    required = frozenset({"CatalogId", "DatabaseName", "TableInput"})

    def replaces(self, old: Properties, new: Properties) -> bool:
        """Another name, database or catalog is another table."""
        return any(old[name] != new[name] for name in ("CatalogId", "DatabaseName")) or (
            self._given(old) != self._given(new)
        )

    @staticmethod
    def _given(properties: Properties) -> str | None:
        name = properties.get("Name") or properties["TableInput"].get("Name")
        return str(name) if name else None

    def _arguments(self, properties: Properties, name: str) -> Properties:
        return {
            **without(properties, "Name"),
            "TableInput": {**properties["TableInput"], "Name": name},
        }

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateTable."""
        name = self._given(properties) or context.name(_NAME).lower()
        call(context.client("glue"), "create_table", self._arguments(properties, name))
        return Created(name)

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """UpdateTable."""
        arguments = without(self._arguments(new, physical_id), "OpenTableFormatInput")
        call(context.client("glue"), "update_table", arguments)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteTable."""
        ignoring(
            _GONE,
            context.client("glue").delete_table,
            CatalogId=properties["CatalogId"],
            DatabaseName=properties["DatabaseName"],
            Name=physical_id,
        )


class Connection(Handler):
    """Ref is the connection's name."""

    type = "AWS::Glue::Connection"
    life = Life.API_ONLY
    kept_only = {"ConnectionInput": "there are no networks here, and no job connects by it"}
    properties = frozenset({"CatalogId", "ConnectionInput", "Tags"})
    required = frozenset({"CatalogId", "ConnectionInput"})
    tag_style = "map"

    def replaces(self, old: Properties, new: Properties) -> bool:
        """Another name or catalog is another connection."""
        return changed(old, new, "CatalogId") or changed(
            old["ConnectionInput"], new["ConnectionInput"], "Name"
        )

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateConnection."""
        name = str(properties["ConnectionInput"].get("Name") or context.name(_NAME))
        call(context.client("glue"), "create_connection", self._arguments(properties, name))
        return Created(name)

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """UpdateConnection, and its tags."""
        client = context.client("glue")
        arguments = {**without(self._arguments(new, physical_id), "Tags"), "Name": physical_id}
        call(client, "update_connection", arguments)
        arn = context.arn("glue", f"connection/{physical_id}")
        added, removed = tag_changes(old, new)
        call(client, "tag_resource", {"ResourceArn": arn, "TagsToAdd": added})
        call(client, "untag_resource", {"ResourceArn": arn, "TagsToRemove": removed})

    @staticmethod
    def _arguments(properties: Properties, name: str) -> Properties:
        definition = {**properties["ConnectionInput"], "Name": name}
        return {**properties, "ConnectionInput": definition}

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteConnection."""
        ignoring(
            _GONE,
            context.client("glue").delete_connection,
            CatalogId=properties["CatalogId"],
            ConnectionName=physical_id,
        )


class Job(Handler):
    """Ref is the job's name."""

    type = "AWS::Glue::Job"
    life = Life.SUBSTITUTED
    by = "Apache Spark 3.5.6 on this machine"
    properties = frozenset(
        {
            "AllocatedCapacity",
            "Command",
            "Connections",
            "DefaultArguments",
            "Description",
            "ExecutionClass",
            "ExecutionProperty",
            "GlueVersion",
            "JobMode",
            "JobRunQueuingEnabled",
            "LogUri",
            "MaintenanceWindow",
            "MaxCapacity",
            "MaxRetries",
            "Name",
            "NonOverridableArguments",
            "NotificationProperty",
            "NumberOfWorkers",
            "Role",
            "SecurityConfiguration",
            "Tags",
            "Timeout",
            "WorkerType",
        }
    )
    required = frozenset({"Command", "Role"})
    kept_only = {
        "Connections": "the job runs on this machine's network",
        "JobMode": "it only says with which editor the job was made",
        "JobRunQueuingEnabled": "runs start at once here",
        "MaintenanceWindow": "it concerns streaming jobs on AWS",
    }
    replace_on = frozenset({"Name"})
    name_property = "Name"
    tag_style = "map"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateJob."""
        name = properties.get("Name") or context.name(_NAME)
        self._put(context, name, properties)
        return Created(name)

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """moto has no UpdateJob; its CreateJob takes the place of a job of the same name."""
        self._put(context, physical_id, new)

    def _put(self, context: ResourceContext, name: str, properties: Properties) -> None:
        arguments = {**properties, "Name": name}
        call(context.client("glue"), "create_job", arguments)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteJob."""
        ignoring(_GONE, context.client("glue").delete_job, JobName=physical_id)


class SecurityConfiguration(Handler):
    """Ref is the configuration's name."""

    type = "AWS::Glue::SecurityConfiguration"
    life = Life.API_ONLY
    properties = frozenset({"EncryptionConfiguration", "Name"})
    required = properties
    replace_on = properties

    def replaces(self, old: Properties, new: Properties) -> bool:
        """A new name is a new one; the rest is written anew under the same name."""
        return bool(old["Name"] != new["Name"])

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateSecurityConfiguration; the template says S3Encryptions, the API S3Encryption."""
        renamed = {"S3Encryptions": "S3Encryption"}
        configuration: dict[str, Any] = {
            renamed.get(name, name): value
            for name, value in properties["EncryptionConfiguration"].items()
        }
        arguments = {"Name": properties["Name"], "EncryptionConfiguration": configuration}
        call(context.client("glue"), "create_security_configuration", arguments)
        return Created(properties["Name"])

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """The API cannot change one: it is made anew under its name."""
        self.delete(context, physical_id, old)
        self.create(context, new)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteSecurityConfiguration."""
        ignoring(_GONE, context.client("glue").delete_security_configuration, Name=physical_id)
