"""Which rows make which file, in which order: by a hash of the id, and by nothing else."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

# bits of the id's SHA-256 that decide about channel, order and part, as ranges of hex digits
CHANNEL_DIGITS = (1, 8)
ORDER_DIGITS = (9, 15)
PART_DIGITS = (24, 8)


def hash_part(digits: tuple[int, int]) -> Column:
    """Some hex digits of the id's SHA-256 as a number."""
    digest = F.sha2(F.col("id"), 256)
    return F.conv(F.substring(digest, *digits), 16, 10).cast("bigint")


def spread(rows: DataFrame, group: Column) -> DataFrame:
    """One group of rows for each output file, in the order in which they are written.

    `rows` has the columns id, label, features. Rows of the same id have the same hash, so they
    are neighbours in one group; among them the order is by label and features, so that the
    first one is always the same. Neighbours in time or of one kind are not neighbours here.
    """
    return (
        rows.withColumn("group", group.cast("int"))
        .withColumn("order", hash_part(ORDER_DIGITS))
        .repartition("group")
        .sortWithinPartitions("group", "order", "id", "label", "features")
        .select("group", "id", "label", "features")
    )
