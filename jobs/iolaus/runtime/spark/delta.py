"""What is asked of Delta in SQL: on Spark Connect, its own API needs a plugin of the server."""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql.types import ArrayType, DataType, MapType, StructType

from iolaus.errors import UsageError
from iolaus.runtime.spark.connect import is_connect
from iolaus.runtime.spark.store import open_store
from iolaus.schemas.table import Table


def create(spark: SparkSession, path: str, spec: Table, properties: Mapping[str, str]) -> None:
    """Create an empty table with its comments, partitioning and properties, unless there is one.

    On Spark Connect in SQL, which cannot say that an array has no nulls.
    """
    if is_connect(spark):
        by = f" PARTITIONED BY ({spec.date})" if spec.date else ""
        told = ", ".join(f"{text(key)} = {text(value)}" for key, value in properties.items())
        columns = _columns(spec.schema, " ")
        spark.sql(
            f"CREATE TABLE IF NOT EXISTS {named(path)} ({columns}) USING delta{by} "
            f"COMMENT {text(spec.grain)} TBLPROPERTIES ({told})"
        )
        return
    from delta.tables import DeltaTable  # noqa: PLC0415 - of classic sessions alone

    builder = DeltaTable.createIfNotExists(spark).location(path).addColumns(spec.schema).comment(spec.grain)
    if spec.date is not None:
        builder = builder.partitionedBy(spec.date)
    for key, value in properties.items():
        builder = builder.property(key, value)
    builder.execute()


def named(path: str) -> str:
    """A table by its path, as SQL names it."""
    return f"delta.`{path}`"


def is_table(spark: SparkSession, path: str) -> bool:
    """Whether a Delta table lies at a path."""
    return open_store(spark, path).entry(f"{path}/_delta_log") is not None


def merged(spark: SparkSession, path: str, rows: DataFrame, condition: str | Column) -> Any:
    """A merge of rows (`s`) into a table (`t`), to be said more of and executed. Raises UsageError on Spark Connect."""
    if is_connect(spark):
        raise UsageError(
            "a Spark Connect session cannot drop accounts; name another --master, as local[4] or spark://host:7077"
        )
    from delta.tables import DeltaTable  # noqa: PLC0415 - of classic sessions alone

    return DeltaTable.forPath(spark, path).alias("t").merge(rows.alias("s"), condition)


def properties_of(spark: SparkSession, path: str) -> dict[str, str]:
    """The properties of a table."""
    found = spark.sql(f"DESCRIBE DETAIL {named(path)}").select("properties").first()
    return dict(found.properties) if found else {}


def delete(spark: SparkSession, path: str, condition: str) -> None:
    """Delete the rows of a table that fulfil a condition in SQL."""
    spark.sql(f"DELETE FROM {named(path)} WHERE {condition}")  # noqa: S608 - a condition of the runtime's own


def compact(spark: SparkSession, path: str, where: str | None, order: tuple[str, ...]) -> Any:
    """Rewrite small files of a table, or of its partitions `where` a condition holds; returns what Delta counted."""
    of = f" WHERE {where}" if where else ""
    by = f" ZORDER BY ({', '.join(order)})" if order else ""
    made = spark.sql(f"OPTIMIZE {named(path)}{of}{by}").select("metrics.*").first()
    assert made is not None
    return made


def vacuum(spark: SparkSession, path: str, hours: int) -> None:
    """Remove files of a table that no version of the last hours needs."""
    spark.sql(f"VACUUM {named(path)} RETAIN {hours} HOURS")


def _columns(of: StructType, colon: str) -> str:
    """Columns, or fields of a record, with their types, comments and whether they may be null."""
    return ", ".join(
        f"`{field.name}`{colon}{_type(field.dataType)}{'' if field.nullable else ' NOT NULL'}"
        + (f" COMMENT {text(field.metadata['comment'])}" if "comment" in field.metadata else "")
        for field in of.fields
    )


def _type(of: DataType) -> str:
    if isinstance(of, StructType):
        return f"STRUCT<{_columns(of, ': ')}>"
    if isinstance(of, ArrayType):
        return f"ARRAY<{_type(of.elementType)}>"
    if isinstance(of, MapType):
        return f"MAP<{_type(of.keyType)}, {_type(of.valueType)}>"
    return of.simpleString()


def text(said: str) -> str:
    """A literal of SQL."""
    return "'" + said.replace("\\", "\\\\").replace("'", "\\'") + "'"
