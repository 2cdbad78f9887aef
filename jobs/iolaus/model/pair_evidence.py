"""Evidence on pairs of accounts from several tables, brought together: all rows of a pair in one task, in NumPy.

Pairs are told apart by the keys of their accounts (`features.population`). Rows are sorted by one number per pair.
"""

from collections.abc import Sequence
from datetime import date
from functools import reduce

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame

from iolaus.engine.hashing import Ints, hashed
from iolaus.engine.runs import run_starts
from iolaus.model.account_keys import by_keys
from iolaus.model.bits import MILLI

Numbers = npt.NDArray[np.float64]

ROWS = 8_000_000  # that a task adds up: under a gigabyte in a Python worker


def evidence(tables: Sequence[DataFrame], *columns: str) -> DataFrame:
    """(a long, b long, and the columns named), one row per row of the tables of pairs: the keys of its accounts."""
    return reduce(DataFrame.unionByName, (by_keys(pairs, *columns) for pairs in tables))


def task_of(rows: pa.RecordBatch, tasks: int) -> npt.NDArray[np.int32]:
    """The task, out of `tasks`, that adds up the pair of each row of `evidence`."""
    key = hashed(rows["a"].to_numpy(), rows["b"].to_numpy())
    return (key % np.uint64(tasks)).astype(np.int32)


def by_pair(a: Ints, b: Ints) -> tuple[Ints, Ints]:
    """The order in which the rows of each pair stand together, (n,), and the places in it where a pair begins."""
    key = hashed(a, b)
    order = np.argsort(key)
    pairs, keys = run_starts(a[order], b[order]), run_starts(key[order])
    if len(pairs) != len(keys):  # two pairs have one hash, and their rows may be mixed
        order = np.lexsort([b, a])
        pairs = run_starts(a[order], b[order])
    return order, pairs


def measured_pairs(
    day: date, channel: str, a: Ints, b: Ints, bits: Numbers, similarity: Numbers, support: npt.NDArray[np.int32]
) -> pa.RecordBatch:
    """Rows of a table of pairs (`iolaus.schemas.pairs`), without value and sharers.

    Shapes: (n,) each; a, b: keys, in any order.
    """
    n = len(a)
    columns = {
        "run_date": pa.array([day] * n, pa.date32()),
        "key_a": pa.array(np.minimum(a, b)),
        "key_b": pa.array(np.maximum(a, b)),
        "channel": pa.array([channel] * n, pa.string()),
        "value_hash": pa.nulls(n, pa.int64()),
        "sharers": pa.nulls(n, pa.int32()),
        "support": pa.array(support),
        "bits": pa.array(np.round(bits * MILLI).astype(np.int32)),
        "similarity": pa.array(np.round(similarity, 4)),
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
