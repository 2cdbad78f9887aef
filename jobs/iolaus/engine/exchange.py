"""Rows in Arrow batches between Python's tasks, thousands at a time.

As single rows, Java would take each apart and put it together again.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

PARTITIONED = "task int, arrow_batch binary"
ROWS = 500_000  # that are partitioned at a time, so that Arrow batches are large

Ints = npt.NDArray[np.int64]
Tasks = npt.NDArray[np.int32]
Batches = Iterable[pa.RecordBatch]


def partitioned(
    frame: DataFrame,
    task_of: Callable[[pa.RecordBatch], Tasks],
    make: Callable[[Batches], Iterator[pa.RecordBatch]] = iter,
) -> DataFrame:
    """Arrow batches (schema PARTITIONED) of what `make` returns for the rows of a partition.

    `task_of` gives the task that each row goes to: shape (n,), from 0.
    """

    def split_all(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in gathered(make(batches), ROWS):
            yield from split_by_task(batch, task_of(batch))

    return frame.mapInArrow(split_all, PARTITIONED)


def by_task(
    arrow_batches: DataFrame, tasks: int, work: Callable[[Batches], Iterator[pa.RecordBatch]], schema: str | StructType
) -> DataFrame:
    """What `work` returns for the rows of all Arrow batches that go to a task, for each of `n` tasks."""

    def work_alone(batches: Batches) -> Iterator[pa.RecordBatch]:
        return work(read(batches))

    def work_one(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from work(read(batches))

    if tasks == 1:
        return arrow_batches.coalesce(1).mapInArrow(work_alone, schema)
    return _of_each_task(arrow_batches, work_one, schema)


def through(
    frame: DataFrame,
    tasks: int,
    split_by_task: Callable[[Batches], Iterator[pa.RecordBatch]],
    work: Callable[[int, Batches], Iterator[pa.RecordBatch]],
    schema: str,
) -> DataFrame:
    """What `work` makes of the rows that `split_by_task` sends to each of so many tasks (PARTITIONED).

    `work` is given the task's number and those rows.

    Where one task gets them all they do not leave it: moving them through Java costs as much as the work of a join.
    """

    def work_whole(batches: Batches) -> Iterator[pa.RecordBatch]:
        return work(0, read(split_by_task(batches)))

    def work_one(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        first = next(batches)
        yield from work(first["task"][0].as_py(), read(chain([first], batches)))

    if tasks == 1:
        return frame.coalesce(1).mapInArrow(work_whole, schema)
    return _of_each_task(frame.mapInArrow(split_by_task, PARTITIONED), work_one, schema)


def _of_each_task(
    arrow_batches: DataFrame,
    work: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]],
    schema: str | StructType,
) -> DataFrame:
    """What `work` returns for the rows of each task. Spark gives them in batches from 4.1 on, and 4.0 all at once."""

    def work_whole(rows: pa.Table) -> pa.Table:
        made = list(work(iter(rows.to_batches())))
        return pa.Table.from_batches(made) if made else pa.table({})

    grouped = arrow_batches.groupBy("task")
    if arrow_batches.sparkSession.version.startswith("4.0."):
        return grouped.applyInArrow(work_whole, schema)
    return grouped.applyInArrow(work, schema)


def gathered(batches: Batches, rows: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of at least this many rows, except the last."""
    some: list[pa.RecordBatch] = []
    n = 0
    for batch in batches:
        some.append(batch)
        n += batch.num_rows
        if n >= rows:
            yield _one(some)
            some, n = [], 0
    if n:
        yield _one(some)


def _one(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    [batch] = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks().to_batches()
    return batch


def split_by_task(batch: pa.RecordBatch, task: Tasks) -> Iterator[pa.RecordBatch]:
    """PARTITIONED: the rows of a batch, an Arrow stream to each task that is given any; task: (n,), of each row."""
    order = np.argsort(task, kind="stable")
    cuts = np.flatnonzero(np.diff(task[order])) + 1
    for rows in np.split(order, cuts) if len(order) else ():
        yield arrow_batches([int(task[rows[0]])], [arrow_batch(_compact(batch.take(pa.array(rows))))])


def arrow_batch(batch: pa.RecordBatch) -> bytes:
    """Rows as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def arrow_batches(tasks: list[int], of: list[bytes]) -> pa.RecordBatch:
    """PARTITIONED: Arrow batches and the tasks that they go to."""
    return pa.RecordBatch.from_arrays(
        [pa.array(tasks, pa.int32()), pa.array(of, pa.binary())], names=["task", "arrow_batch"]
    )


def read(batches: Batches) -> Iterator[pa.RecordBatch]:
    """The rows of all Arrow batches of PARTITIONED."""
    for batch in batches:
        for arrow_batch in batch.column("arrow_batch"):
            yield from pa.ipc.open_stream(arrow_batch.as_buffer())


def whole(batches: Batches) -> pa.Table | None:
    """All rows, None where there are none."""
    kept = [batch for batch in batches if batch.num_rows]
    return pa.Table.from_batches(kept).unify_dictionaries().combine_chunks() if kept else None


def pairs_of(blocks: int) -> int:
    """How many pairs of blocks there are, of unlike ones and of each with itself."""
    return blocks * (blocks + 1) // 2


def pair_of(one: Ints, other: Ints | int) -> Ints:
    """The number of the pair of two blocks, from 0 to below `pairs_of`, whichever comes first."""
    high = np.maximum(one, other)
    number: Ints = high * (high + 1) // 2 + np.minimum(one, other)
    return number


def _compact(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same, with nothing in its dictionaries that no row has."""
    columns = []
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            codes = column.indices.to_numpy()
            used = np.zeros(len(column.dictionary), bool)
            used[codes] = True
            new = (np.cumsum(used) - 1).astype(np.int32)
            columns.append(
                pa.DictionaryArray.from_arrays(pa.array(new[codes]), column.dictionary.filter(pa.array(used)))
            )
        else:
            columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
