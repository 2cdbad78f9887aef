"""A landing whose four folders are tables of a catalog: `CATALOG.SCHEMA.exchanges`, `accounts`, `models`, `agreements`.

Their columns are those of the landing contract, as in Parquet files; `exchanges` has, beside them, the day of arrival
`dt`, a date. A view does where a gateway's table has other names.
"""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from iolaus.errors import UsageError
from iolaus.runtime.landing import Landing
from iolaus.runtime.lines import LINES, table_lines
from iolaus.runtime.long_lines import PassedOver
from iolaus.runtime.unreadable import Unreadable

_SCHEMA = re.compile(r"[A-Za-z0-9_][\w-]*\.[A-Za-z0-9_][\w-]*")
_ARRIVED = "dt"


def is_name(uri: str) -> bool:
    """Whether a landing is named as CATALOG.SCHEMA, and is no folder of this machine."""
    return _SCHEMA.fullmatch(uri) is not None and not Path(uri).exists()


def landing_at(spark: SparkSession, uri: str) -> "Landing | NamedLanding":
    """The landing at a URI, or in a schema of a catalog by its name. Raises UsageError if there is none."""
    return NamedLanding(spark, uri) if is_name(uri) else Landing(spark, uri)


class NamedLanding:
    """The landing in a schema. Raises UsageError if it has no table `exchanges` with a day of arrival."""

    def __init__(self, spark: SparkSession, name: str):
        self._spark, self._name = spark, name
        if not self._has("exchanges"):
            raise UsageError(
                f"there is no landing {name}: no folder of that name, and no table {name}.exchanges in the catalog; "
                "name one with --landing"
            )
        if _ARRIVED not in self._table("exchanges").columns:
            raise UsageError(
                f"{name}.exchanges has no column {_ARRIVED}, the day of arrival; add it, or name a schema with a view "
                "that has it"
            )

    def _has(self, folder: str) -> bool:
        return self._spark.catalog.tableExists(f"{self._name}.{folder}")

    def _table(self, folder: str) -> DataFrame:
        return self._spark.table(f"{self._name}.{folder}")

    def _arrived(self, day: date) -> DataFrame:
        return self._table("exchanges").where(F.col(_ARRIVED).cast("date") == F.lit(day)).drop(_ARRIVED)

    def lines(
        self,
        folder: str,
        day: date | None,
        unreadable: Sequence[Unreadable] = (),  # noqa: ARG002 - a table is read whole or fails
        *,
        watched: bool = False,  # noqa: ARG002 - a row of a table is never passed over
    ) -> DataFrame:
        """Each row as a line of JSON, as `Landing.lines` does of Parquet files; none of a table that is not there."""
        if not self._has(folder):
            return self._spark.createDataFrame([], LINES)
        rows = self._arrived(day) if day is not None and folder == "exchanges" else self._table(folder)
        return table_lines(rows, folder, f"{self._name}.{folder}")

    def state(self, folder: str, day: date) -> str | None:
        """A digest of a table's rows, of `exchanges` those that arrived on `day`; None if there is no such table."""
        if not self._has(folder):
            return None
        rows = self._arrived(day) if folder == "exchanges" else self._table(folder)
        row = F.xxhash64(F.to_json(F.struct("*")))
        told = rows.agg(F.count(F.lit(1)).alias("n"), F.bit_xor(row).alias("digest")).first()
        return f"{told.n}:{told.digest}" if told else None

    def has_files(self, day: date) -> bool:
        """Whether any exchange arrived on a day."""
        return not self._arrived(day).isEmpty()

    has_folder = has_files  # a table has nothing of a day but its rows

    def days(self) -> list[date]:
        """The days of arrival, in order: one row a day comes to the driver."""
        found = self._table("exchanges").select(F.col(_ARRIVED).cast("date").alias("day")).distinct().collect()
        return sorted(row.day for row in found if row.day is not None)

    def unreadable(self, folder: str, day: date | None) -> list[Unreadable]:  # noqa: ARG002
        """None: a table is read whole or fails."""
        return []

    def passed_over(self, folder: str, day: date | None) -> list[PassedOver]:  # noqa: ARG002
        """None."""
        return []
