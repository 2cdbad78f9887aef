"""Pairs of unit vectors with a cosine of at least t, exactly, by blocked matrix products.

Vectors are dealt into B blocks by a hash of their id; each of the B (B + 1) / 2 pairs of blocks is one
task that multiplies two matrices. Exact up to float32 rounding. Cost: N^2 d / 2 multiply-adds; bytes
moved: N d (B + 1) / 2 * 4. A task holds two blocks and a strip of products.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

STRIP = 2_048  # rows multiplied at once: a strip of products against a block of 8,192 is 64 MB
BLOCK = 8_192  # vectors in a block: 4 MB at d = 128

_PAIR = "a string, b string, similarity float"


def similar_pairs(vectors: DataFrame, threshold: float, count: int, neighbours: int | None = None) -> DataFrame:
    """(a, b, similarity) with a < b and cosine >= threshold, of (id string, vector array<float>) unit vectors.

    `count` is how many there are (it fixes the number of blocks); `neighbours` keeps, of each id in each
    task, only its nearest so many. Null, zero and non-finite vectors have no pairs.
    """
    blocks = max(1, -(-count // BLOCK))
    homes = vectors.where("vector is not null").select("id", "vector", F.pmod(F.xxhash64("id"), F.lit(blocks)).cast("int").alias("home"))
    others = F.transform(
        F.sequence(F.lit(0), F.lit(blocks - 1)), lambda o: F.struct(F.least("home", o).alias("low"), F.greatest("home", o).alias("high"))
    )
    dealt = homes.select("id", "vector", "home", F.inline(F.array_distinct(others)))

    def join(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        table = pa.Table.from_batches(list(batches))
        if len(table) > 1:
            yield from _join(table, threshold, neighbours)

    return dealt.groupBy("low", "high").applyInArrow(
        lambda table: pa.Table.from_batches(list(join(iter(table.to_batches()))), schema=_ARROW), _PAIR
    )


_ARROW = pa.schema([("a", pa.string()), ("b", pa.string()), ("similarity", pa.float32())])


def _join(table: pa.Table, threshold: float, neighbours: int | None) -> Iterator[pa.RecordBatch]:
    table = table.sort_by("id")
    low, high, home = (table[c].to_numpy() for c in ("low", "high", "home"))
    ids = table["id"].combine_chunks()
    matrix = table["vector"].combine_chunks().flatten().to_numpy().reshape(len(table), -1)
    directed = np.isfinite(matrix).all(axis=1) & matrix.any(axis=1)
    left = np.flatnonzero((home == low) & directed)
    same = bool(low[0] == high[0])
    right = left if same else np.flatnonzero((home == high) & directed)
    for start in range(0, len(left), STRIP):
        rows = left[start : start + STRIP]
        products = matrix[rows] @ matrix[right].T
        if same:
            products[np.arange(len(rows))[:, None] + start >= np.arange(len(right))[None, :]] = -2.0
        near = products >= threshold
        if neighbours is not None:
            crowded = np.flatnonzero(near.sum(axis=1) > neighbours)
            cut = np.partition(products[crowded], -neighbours, axis=1)[:, -neighbours] if len(crowded) else np.zeros(0)
            near[crowded] &= products[crowded] >= cut[:, None]
        i, j = np.nonzero(near)
        a, b = ids.take(pa.array(rows[i])), ids.take(pa.array(right[j]))
        swap = rows[i] > right[j]
        if swap.any():
            flag = pa.array(swap)
            a, b = pc.if_else(flag, b, a), pc.if_else(flag, a, b)
        yield pa.RecordBatch.from_arrays([a, b, pa.array(products[i, j])], schema=_ARROW)


def sampled(vectors: DataFrame, most: int) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    """At most `most` of (id string, vector array<float>), shape (n, d): those of least hash, whatever the partitioning."""
    rows = vectors.where("vector is not null").orderBy(F.xxhash64("id"), "id").limit(most).select("vector").toArrow()
    flat = rows["vector"].combine_chunks().flatten().to_numpy()
    return flat.reshape(len(rows), -1) if len(rows) else np.zeros((0, 0), np.float32)


def background(sample: "np.ndarray[tuple[int, int], np.dtype[np.float32]]") -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    """Ascending cosines of all pairs of a sample of unit vectors, shape (n (n - 1) / 2,)."""
    upper = np.triu_indices(len(sample), 1)
    return np.sort((sample @ sample.T)[upper])
