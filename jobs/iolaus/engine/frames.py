"""Rows of the driver as a DataFrame."""

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema


def from_arrow(spark: SparkSession, rows: pa.Table) -> DataFrame:
    """The rows of a table as a DataFrame of its columns, also if there are none: Spark Connect would not infer them."""
    return spark.createDataFrame(rows, from_arrow_schema(rows.schema))
