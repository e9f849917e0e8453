"""AWS::Glue: what Glue says of databases, tables, jobs and security configurations."""

from __future__ import annotations

from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader, renamed


class Database(Reader):
    """A database of the data catalog."""

    type = "AWS::Glue::Database"

    def read(self, resource: Deployed) -> Properties:
        """GetDatabase."""
        found = resource.client("glue").get_database(Name=resource.physical_id)["Database"]
        return {
            "CatalogId": found.get("CatalogId"),
            "DatabaseInput": found,
            "DatabaseName": found["Name"],
        }


class Table(Reader):
    """A table of the data catalog."""

    type = "AWS::Glue::Table"
    not_given_back = {
        "OpenTableFormatInput": "it belongs to the making of a table (CloudFormation's schema: "
        "write-only)",
    }

    def read(self, resource: Deployed) -> Properties:
        """GetTable."""
        found = resource.client("glue").get_table(
            DatabaseName=resource.asked["DatabaseName"], Name=resource.physical_id
        )["Table"]
        return {
            "CatalogId": found.get("CatalogId"),
            "DatabaseName": found["DatabaseName"],
            "Name": found["Name"],
            "TableInput": found,
        }


class Job(Reader):
    """A job's definition has the template's names."""

    type = "AWS::Glue::Job"

    def read(self, resource: Deployed) -> Properties:
        """GetJob, GetTags."""
        glue, name = resource.client("glue"), resource.physical_id
        arn = f"arn:aws:glue:{resource.region}:{resource.account_id}:job/{name}"
        return {
            **glue.get_job(JobName=name)["Job"],
            "Tags": glue.get_tags(ResourceArn=arn)["Tags"],
        }


class Connection(Reader):
    """A connection of jobs."""

    type = "AWS::Glue::Connection"

    def read(self, resource: Deployed) -> Properties:
        """GetConnection, GetTags; the catalog is the account's unless another one is named."""
        glue, name = resource.client("glue"), resource.physical_id
        arn = f"arn:aws:glue:{resource.region}:{resource.account_id}:connection/{name}"
        return {
            "CatalogId": resource.account_id,
            "ConnectionInput": glue.get_connection(Name=name)["Connection"],
            "Tags": glue.get_tags(ResourceArn=arn)["Tags"],
        }


class SecurityConfiguration(Reader):
    """How jobs encrypt."""

    type = "AWS::Glue::SecurityConfiguration"

    def read(self, resource: Deployed) -> Properties:
        """GetSecurityConfiguration; the API says S3Encryption for the template's S3Encryptions."""
        found = resource.client("glue").get_security_configuration(Name=resource.physical_id)[
            "SecurityConfiguration"
        ]
        return {
            **found,
            "EncryptionConfiguration": renamed(
                found["EncryptionConfiguration"], S3Encryption="S3Encryptions"
            ),
        }
