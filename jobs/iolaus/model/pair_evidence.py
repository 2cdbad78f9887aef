"""Evidence on pairs of accounts from several tables of pairs, brought together: of each pair all rows, in one task, in NumPy.

Pairs are told apart by the marks of their accounts (`iolaus.engine.broadcast`). Rows are sorted by one number a pair.
"""

from collections.abc import Sequence
from functools import reduce

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame

from iolaus.engine.broadcast import by_marks
from iolaus.engine.runs import begins
from iolaus.text.fingerprints import mix

ROWS = 8_000_000  # that a task adds up: under a gigabyte in a Python worker

Ints = npt.NDArray[np.int64]


def evidence(tables: Sequence[DataFrame], *columns: str) -> DataFrame:
    """(a long, b long, and the columns named), a row a row of the tables of pairs: the marks of its accounts."""
    return reduce(DataFrame.unionByName, (by_marks(pairs, *columns) for pairs in tables))


def hashed(a: Ints, b: Ints) -> npt.NDArray[np.uint64]:
    """64 bits of each ordered pair of marks."""
    return mix(mix(a.view(np.uint64)) + b.view(np.uint64))


def task_of(rows: pa.RecordBatch, tasks: int) -> npt.NDArray[np.int32]:
    """Which of so many tasks adds up the pair of each row of `evidence`."""
    key = hashed(rows["a"].to_numpy(), rows["b"].to_numpy())
    return (key % np.uint64(tasks)).astype(np.int32)


def by_pair(a: Ints, b: Ints) -> tuple[Ints, Ints]:
    """The order in which the rows of each pair stand together, (n,), and the places in it where a pair begins."""
    key = hashed(a, b)
    order = np.argsort(key)
    pairs, keys = begins(a[order], b[order]), begins(key[order])
    if len(pairs) != len(keys):  # two pairs have one hash, and their rows may be mixed
        order = np.lexsort([b, a])
        pairs = begins(a[order], b[order])
    return order, pairs
