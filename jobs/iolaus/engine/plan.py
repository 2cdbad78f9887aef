"""How many tasks do a piece of work: one if one task can hold it, because moving rows costs more than most work."""

from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType


def tasks_for(frame: DataFrame, cost: Column, each: int) -> int:
    """How many tasks share the sum of `cost` over the rows, at most `each` a task; 1 of nothing."""
    total = frame.agg(F.sum(cost)).first()
    return max(1, -(-int(total[0] if total and total[0] else 0) // each))


def shuffled_tasks(frame: DataFrame, needed: int) -> int:
    """One task if that is enough; else as many as are needed, and at least Spark's own number of shuffle partitions."""
    return max(needed, int(frame.sparkSession.conf.get("spark.sql.shuffle.partitions") or 1)) if needed > 1 else 1


def one_or_many(
    frame: DataFrame,
    tasks: int,
    one: Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]],
    many: Callable[[DataFrame, int], DataFrame],
    schema: str | StructType,
) -> DataFrame:
    """The rows that `one` makes of all rows in a single task, or `many` of the frame in several; both make the same."""
    return frame.coalesce(1).mapInArrow(one, schema) if tasks == 1 else many(frame, tasks)
