"""Inspections that people enter, put straight into a delivery stream, as Parquet."""

from aws_cdk import Duration, Size
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_s3 as s3
from constructs import Construct

COLUMNS = {
    "machine": "string",
    "wear_mm": "double",
    "cycles": "int",
    "passed": "boolean",
}


class InspectionLog(Construct):
    """PutRecord -> Parquet by the Glue table `inspections` under `quality/inspections/`."""

    def __init__(self, scope: Construct, construct_id: str, *, landing: s3.IBucket) -> None:
        super().__init__(scope, construct_id)
        database = glue.CfnDatabase(
            self,
            "Catalog",
            catalog_id="210987654321",
            database_input=glue.CfnDatabase.DatabaseInputProperty(name="plant_quality"),
        )
        table = glue.CfnTable(
            self,
            "Table",
            catalog_id="210987654321",
            database_name="plant_quality",
            table_input=glue.CfnTable.TableInputProperty(
                name="inspections",
                table_type="EXTERNAL_TABLE",
                parameters={"classification": "parquet"},
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    columns=[
                        glue.CfnTable.ColumnProperty(name=name, type=type_)
                        for name, type_ in COLUMNS.items()
                    ],
                    location=landing.s3_url_for_object("quality/inspections/"),
                    input_format="org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                    output_format="org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library=(
                            "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
                        )
                    ),
                ),
            ),
        )
        table.add_resource_dependency(database)
        delivery = firehose.DeliveryStream(
            self,
            "Delivery",
            destination=firehose.S3Bucket(
                landing,
                data_output_prefix="quality/inspections/",
                error_output_prefix="quality/unreadable/!{firehose:error-output-type}/",
                buffering_interval=Duration.minutes(2),
                buffering_size=Size.mebibytes(64),
                data_format_conversion=firehose.DataFormatConversionProps(
                    schema_configuration=firehose.SchemaConfiguration.from_cfn_table(table),
                    input_format=firehose.InputFormat.OPENX_JSON,
                    output_format=firehose.OutputFormat.PARQUET,
                ),
            ),
        )
        self.delivery_stream_name = delivery.delivery_stream_name
