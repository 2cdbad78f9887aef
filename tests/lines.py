"""Lines of the landing, parsed: what bronze and quarantine get of them, together."""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructField

from iolaus.schemas.landing import EXCHANGE
from iolaus.settings import Ingestion
from iolaus.text.parsing import accepted, rejected


def parsed(
    spark: SparkSession,
    lines: Sequence[str | bytes],
    limits: Ingestion,
    arrived_on: date | None,
    fields: Sequence[StructField] = EXCHANGE,
) -> list[Row]:
    """A row a line, in order: the fields and no reasons, or no fields and the reasons.

    `position` is the number of the line.
    """
    data = [(text.encode("utf-8") if isinstance(text, str) else text, number) for number, text in enumerate(lines)]
    frame = spark.createDataFrame(data, "bytes binary, position long").repartition(2)
    raw = frame.select(
        F.col("bytes").try_cast("string").alias("line"), "position", F.lit(None).cast("string").alias("unreadable")
    )
    taken = accepted(raw, fields, limits, arrived_on, ["position"]).withColumn(
        "reasons", F.array().cast("array<string>")
    )
    refused = rejected(raw, fields, limits, arrived_on, ["position"]).drop("line")
    found: list[Row] = taken.unionByName(refused, allowMissingColumns=True).orderBy("position").collect()
    assert [row["position"] for row in found] == list(range(len(lines))), "each line is in just one of the two"
    return found
