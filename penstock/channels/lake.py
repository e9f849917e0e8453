"""Reading the lake's Parquet records with Spark, and what is said of a lake that does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import BooleanType, NumericType

from penstock.channels.errors import PrepareError


def read_lake(
    spark: SparkSession, uri: str, *, present: Sequence[str], numbers: Sequence[str]
) -> DataFrame:
    """All records below an address; the folders' names (year=/month=/...) carry no column.

    Columns named by `present` may be of any type.

    Raises:
        PrepareError: there are none, a column is missing, or one of `numbers` holds none.
    """
    try:
        # recursiveFileLookup: files below any depth, and folder names do not become columns
        lake = spark.read.option("recursiveFileLookup", "true").parquet(uri)
    except AnalysisException as error:
        if error.getErrorClass() in ("PATH_NOT_FOUND", "UNABLE_TO_INFER_SCHEMA"):
            raise PrepareError(f"no records below {uri}") from error
        raise
    types = {column.name: column.dataType for column in lake.schema.fields}
    missing = [name for name in (*present, *numbers) if name not in types]
    if missing:
        raise PrepareError(
            f"the records have no column {', '.join(missing)}; they have {', '.join(types)}"
        )
    for name in numbers:
        if not isinstance(types[name], NumericType | BooleanType):
            raise PrepareError(
                f"column {name} is {types[name].simpleString()}: "
                "labels and features must be numbers"
            )
    return lake
