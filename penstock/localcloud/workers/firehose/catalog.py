"""Reads the Glue table that a format conversion goes by, as the conversion's role."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.workers.firehose.errors import Catalog
from penstock.localcloud.workers.firehose.settings import Conversion, StreamSettings


def read_table(
    glue: Any, settings: StreamSettings, conversion: Conversion
) -> tuple[list[dict[str, str]], Catalog]:
    """The table's columns (without partition keys) and where they came from.

    With VersionId LATEST the newest version is read every time, so a changed table counts from
    the next object on. Raises what the client raises.
    """
    options = {"DatabaseName": conversion.database}
    if conversion.catalog_id:
        options["CatalogId"] = conversion.catalog_id
    if conversion.version_id == "LATEST":
        table = glue.get_table(**options, Name=conversion.table)["Table"]
        version = str(table.get("VersionId", "LATEST"))
    else:
        answer = glue.get_table_version(
            **options, TableName=conversion.table, VersionId=conversion.version_id
        )
        table, version = answer["TableVersion"]["Table"], conversion.version_id
    return list(table["StorageDescriptor"]["Columns"]), catalog_of(settings, conversion, version)


def catalog_of(settings: StreamSettings, conversion: Conversion, version: str) -> Catalog:
    """The catalog's part of an error line."""
    _, partition, _, region, account, _ = settings.arn.split(":", 5)
    region = conversion.region or region
    account = conversion.catalog_id or account
    return Catalog(account, region, version, f"arn:{partition}:glue:{region}:{account}:catalog")
