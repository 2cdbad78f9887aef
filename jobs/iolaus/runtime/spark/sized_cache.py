"""Rows that a run has made and caches for its day: written once, then judged and read by later stages from memory.

A cached table is a local checkpoint, so plans begin where it was made and do not grow from stage to stage.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.runtime.spark.tricks import either
from iolaus.schemas.table import Table

# A smaller table is read as one partition. Joins and groups of such tables need no shuffle, and a query is a task or
# two instead of dozens; a task costs as much as thousands of rows. Other stages keep the cores busy.
SMALL = 32 << 20
_UNPACKED = 4  # bytes in memory of a byte of Parquet


def is_small(size: int | None) -> bool:
    """Whether a table's day is cached in memory, by its bytes of Parquet; None if those are not known."""
    return size is not None and size < SMALL


@dataclass(frozen=True)
class Cached:
    """Rows of a table's day, how they are freed, and the checkpoint that they are of, if they are of one."""

    rows: DataFrame
    free: Callable[[], object]
    undated: DataFrame | None = None


def cached(rows: DataFrame, spec: Table, day: date) -> Cached:
    """The rows of a day as a checkpoint, which the first reader makes.

    The date is put on last. It is a number in the code that Spark generates; without it, that code is the same every
    day and is compiled once. If Spark does not show what it caches, it frees the rows when nothing refers to them any
    more.
    """
    undated = rows.drop(str(spec.date)).localCheckpoint(eager=False)

    def free() -> None:
        either(lambda: _plan(undated).rdd().unpersist(False), lambda: None)

    return Cached(_dated(undated, spec, day), free, undated)


def sized(kept: Cached, spec: Table, day: date, size: int) -> Cached:
    """The same rows, with their `size` (bytes of Parquet) known to Spark.

    Spark broadcasts only what it knows to be small. A checkpoint has its planner's guess, and a join's guess is the
    product of its sides'.
    """
    return either(lambda: _sized(kept, spec, day, size), lambda: kept)


def _sized(kept: Cached, spec: Table, day: date, size: int) -> Cached:
    assert kept.undated is not None
    spark, plan = kept.rows.sparkSession, _plan(kept.undated)
    jvm, session = cast(Any, spark._jvm), spark._jsparkSession  # noqa: SLF001
    # Of all plans, a range of numbers says what size it is asked to: 8 bytes each.
    told = jvm.scala.Option.apply(_plan(spark.range(size * _UNPACKED // 8)).stats())
    leaf = (plan.output(), plan.rdd(), plan.outputPartitioning(), plan.outputOrdering(), False, plan.stream())
    made = plan.copy(*leaf, session, told, jvm.scala.Option.empty())
    sized = DataFrame(jvm.org.apache.spark.sql.classic.Dataset.ofRows(session, made), spark)
    return Cached(_dated(sized.coalesce(1) if is_small(size) else sized, spec, day), kept.free)


def _dated(undated: DataFrame, spec: Table, day: date) -> DataFrame:
    return undated.withColumn(str(spec.date), F.lit(day)).select(*spec.schema.fieldNames())


def _plan(frame: DataFrame) -> Any:
    """The logical plan of a frame: PySpark has no name for what a checkpoint is made of."""
    return frame._jdf.logicalPlan()  # noqa: SLF001
