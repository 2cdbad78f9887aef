"""What the similarity join does with packed rows, (n long, message binary): some thousand vectors to a message."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

DEALT = "task int, message binary, rest binary"
PAIRS = "a string, b string, similarity float"

Ints = npt.NDArray[np.int64]
Batches = Iterable[pa.RecordBatch]


def summed(packed: DataFrame, count: Callable[[Batches], Iterator[Ints]], size: int) -> Ints:
    """The sum over all rows of what `count` says of some: (size,), as each array that it gives. Only what is not 0 is moved."""

    def counts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        found = np.zeros(size, np.int64)
        for some in count(batches):
            found += some
        place = np.flatnonzero(found)
        yield pa.RecordBatch.from_arrays([pa.array(place), pa.array(found[place])], names=["place", "n"])

    table = packed.select("n", "message").mapInArrow(counts, "place long, n long").groupBy("place").agg(F.sum("n").alias("n")).toArrow()
    total = np.zeros(size, np.int64)
    total[table["place"].to_numpy()] = table["n"].to_numpy()
    return total


def pairs_by_task(
    packed: DataFrame,
    tasks: int,
    deal: Callable[[Batches], Iterator[pa.RecordBatch]],
    compare: Callable[[pa.Table], Iterator[pa.RecordBatch]],
) -> DataFrame:
    """PAIRS of rows that `deal` sends to so many tasks (DEALT), and `compare` finds among those of one task.

    Where one task gets them all, they are not shuffled: moving them through Java costs as much as comparing them.
    """
    rows = packed.select("n", "message")

    def whole(batches: Batches) -> Iterator[pa.RecordBatch]:
        dealt = list(deal(batches))
        if dealt:
            yield from compare(pa.Table.from_batches(dealt))

    def compared(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from compare(pa.Table.from_batches(batches))

    if tasks == 1:
        return rows.coalesce(1).mapInArrow(whole, PAIRS)
    return rows.mapInArrow(deal, DEALT).groupBy("task").applyInArrow(compared, PAIRS)
