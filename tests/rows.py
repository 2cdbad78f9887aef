"""Rows of a table from what a test is about: a base row, and the columns that differ from it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import ArrayType, DataType, DateType, MapType, StringType, StructField, StructType, TimestampType

from iolaus.schemas.table import table

DAY = date(2026, 2, 10)

_PLAIN: dict[str, Any] = {"string": "x", "boolean": False, "double": 0.0, "float": 0.0, "binary": b""}


def rows(spark: SparkSession, table_name: str, overrides: Sequence[dict[str, Any]]) -> DataFrame:
    """A DataFrame with a table's columns, one row an override.

    A column that the override does not name is null, or, where the table requires it, plain: `x`, 0, False,
    10 February 2026, an empty array. Raises KeyError for a column that the table does not have.
    """
    schema = table(table_name).schema
    known = set(schema.fieldNames())
    for override in overrides:
        if unknown := set(override) - known:
            raise KeyError(f"{table_name} has no column {', '.join(sorted(unknown))}")
    made = [tuple(override[f.name] if f.name in override else base(f) for f in schema.fields) for override in overrides]
    return spark.createDataFrame(made, schema)


def population(
    spark: SparkSession,
    accounts: Iterable[str],
    owners: Mapping[str, str] | None = None,
    licensed: Collection[str] = (),
) -> DataFrame:
    """`features.population` of accounts, keyed from 0 in the order of their ids.

    Each is its own owner where none is given.
    """
    of, seen, made = owners or {}, set[str](), []
    for key, account in enumerate(sorted(set(accounts))):
        owner, background = of.get(account, account), account not in licensed
        first = background and owner not in seen
        seen |= {owner} if background else set()
        made.append(
            {
                "account_id": account,
                "account_key": key,
                "owner_id": owner,
                "is_background": background,
                "is_first_of_owner": first,
            }
        )
    return rows(spark, "features.population", made)


def base(field: StructField) -> Any:
    """The plain value of a column: null unless the table requires one."""
    return None if field.nullable else _plain(field.dataType)


def _plain(kind: DataType) -> Any:
    if isinstance(kind, TimestampType):
        return datetime.combine(DAY, datetime.min.time(), UTC)
    if isinstance(kind, DateType):
        return DAY
    if isinstance(kind, ArrayType):
        return []
    if isinstance(kind, MapType):
        return {}
    if isinstance(kind, StructType):
        return tuple(_plain(f.dataType) for f in kind.fields)
    return _PLAIN["string"] if isinstance(kind, StringType) else _PLAIN.get(kind.typeName(), 0)
