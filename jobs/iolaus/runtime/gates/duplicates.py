"""Rows beyond the first of each key of a table, which is told by 128 bits.

As text it would cost more to count than to make.

A row whose key lacks a required part is the first of none; a part that is optional may be null in one row of a key.
Both ways give the same count.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import and_

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from iolaus.engine.exchange import by_task, partitioned, whole
from iolaus.model.pair_evidence import by_pair
from iolaus.schemas.table import Table

DUPLICATES = "duplicate_keys"
TASKS = 32  # that count, or as many as Spark shuffles to if that is more: of 100 million rows 100 MB each


def duplicates(spec: Table, name: str = DUPLICATES) -> Column:
    """The count as an aggregate of that name, beside others of one pass: for few rows."""
    one, other, is_whole = _key(spec)
    return (F.count(F.lit(1)) - F.count_distinct(F.when(is_whole, one), F.when(is_whole, other))).alias(name)


def count_duplicates(frame: DataFrame, spec: Table, name: str = DUPLICATES) -> DataFrame:
    """(`name` long): the count, in a pass of its own over the key's columns: for many rows.

    Keys are sorted in NumPy. Java takes five times as long to tell 77 million of them apart, for it writes, sorts and
    compares rows.
    """
    one, other, is_whole = _key(spec)
    keys = frame.select(one.alias("one"), other.alias("other"), is_whole.alias("is_whole"))
    tasks = max(TASKS, int(frame.sparkSession.conf.get("spark.sql.shuffle.partitions") or 1))

    def task_of(rows: pa.RecordBatch) -> npt.NDArray[np.int32]:
        task: npt.NDArray[np.int32] = (rows["one"].to_numpy().view(np.uint64) % np.uint64(tasks)).astype(np.int32)
        return task

    def count(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = whole(batches)
        if rows is None:
            return
        places = np.flatnonzero(rows["is_whole"].to_numpy())
        order, run_starts = by_pair(*(rows[name].to_numpy()[places] for name in ("one", "other")))
        yield pa.RecordBatch.from_arrays([pa.array([len(rows) - len(order[run_starts])])], names=["n"])

    each = by_task(partitioned(keys, task_of), tasks, count, "n long")
    return each.agg(F.coalesce(F.sum("n"), F.lit(0)).alias(name))


def _key(spec: Table) -> tuple[Column, Column, Column]:
    """Two hashes of a row's key but for the date, of which all rows are, and whether it has all its parts."""
    key = [name for name in spec.key if name != spec.date]
    own = [F.col(name) for name in key]
    required = (F.col(name).isNotNull() for name in key if not spec.schema[name].nullable)
    return F.xxhash64(*own), F.xxhash64(F.lit(1), *own), reduce(and_, required, F.lit(True))
