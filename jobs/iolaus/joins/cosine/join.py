"""All pairs of vectors with a cosine of at least t: exactly up to some ten thousand vectors, above that in cells.

    pairs = cosine_join(vectors, 0.8)                 # (id string, vector array<float>) -> (a, b, similarity), a < b
    figures = pairs.schema["similarity"].metadata     # how many vectors, which way, what recall was measured

Exactly: N^2 d / 2 multiply-adds in blocked matrix products, every pair of blocks a task. In cells (`cosine_cells`): P
is about N / 256 up to 4 million vectors, and 16,384 from there on; a vector is compared in its home cell and c others,
so the products are about N (N / P) (c + 1/2), and N * 5 sqrt(P) to find the cells. Bytes moved: N (4 d + 60) times
the tasks a vector goes to, at most c + 1. A task holds about 16,384 vectors at home and their guests.

The number of copies c is measured in the run, not guessed: see `cosine_probes`. Where no c is enough the cells are made
four times larger, and in the end the join is exact.

One task does all cells of vectors of no more than WHOLE_BYTES, for less than moving them from task to task costs.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.engine.exchange import through
from iolaus.joins.cosine.cells import ONE_CELL, Cells, Floats, make_cells
from iolaus.joins.cosine.partition import Plan, split_by_task
from iolaus.joins.cosine.products import task_pairs
from iolaus.joins.cosine.recall_probes import DRAWN, SAMPLE_EACH, Measured, draw, measure, sample
from iolaus.joins.cosine.vectors import pack, unpacked

# up to here, exact products take about 2 s of a core, as much as planning cells does (docs/explanation/join.md)
EXACT_ROWS = 30_000
BLOCK = 8_192  # vectors in a block of a cell that is split: 4 MB at d = 128
CELL_ROWS = 256  # vectors at home in a cell: comparing them costs then about what finding the cell does
MOST_CELLS = 16_384  # 8 MB of pivots at d = 128, sent to every task
TASK_ROWS = 16_384  # vectors at home in the cells of one task
WHOLE_BYTES = 128 << 20  # of vectors that one task does all cells of: 262,144 at d = 128
_LOG = logging.getLogger(__name__)
_PRODUCT_BYTES = 128 << 20  # products of a strip and what is kept of them


PAIRS = "a string, b string, similarity float"
_PACKED = pa.schema(
    [
        ("n", pa.int64()),
        ("without", pa.int64()),
        ("narrowest", pa.int64()),
        ("width", pa.int64()),
        ("arrow_batch", pa.binary()),
        ("drawn", pa.binary()),
    ]
)


def cosine_join(
    vectors: DataFrame,
    threshold: float,
    *,
    target: float = 0.99,
    exact_rows: int = EXACT_ROWS,
    identical: int = 32,
    neighbours: int | None = None,
    seed: int = 7,
) -> DataFrame:
    """(a, b, similarity) with a < b and cosine >= threshold, of (id string, vector array<float>) with distinct ids.

    Vectors need not be of length 1; a cosine is theirs as float32, to 1e-7. A vector that is null, zero or not finite
    has no pairs, and is counted. Of more than `identical` vectors that are the same, the one of least id stands for
    all: it has the group's other pairs, and each of the rest has one row, with it, of similarity 1. So 50,000 copies
    of a vector make 49,999 rows.

    target: recall whose lower 95 % bound is to reach this, above `exact_rows` vectors. neighbours: in each cell, or
    block, no more than the nearest so many of a vector are kept, and those as near as the last; None for all pairs.
    seed: of pivots and probes; it does not change what is there to be found.

    The input is read once, and at once: it is kept, packed, by the executors until the result is let go of. The pairs
    themselves are made when the result is used. Its metadata: rows, without_direction, way ("exact" or "cells"), cells,
    copies, recall and recall_at_least (null where no sampled row has a pair), probes, probed_pairs, task_bytes (what a
    task holds, estimated). Set `OPENBLAS_NUM_THREADS=1` in the workers, and spark.sql.execution.arrow.maxBytesPerBatch
    to some 16 MB, so that a task holds no more than it needs. Raises ValueError if vectors differ in length.
    """
    packed = _packed(vectors, seed)
    counted = packed.agg(F.sum("n"), F.sum("without"), F.min("narrowest"), F.max("width")).first()
    rows, without, narrowest, width = (n or 0 for n in counted or (0, 0, 0, 0))
    if width != narrowest:
        raise ValueError(f"vectors of {narrowest} and of {width} numbers; give all of them the same length")
    cells, homes, measured = _cells(packed, rows if rows > exact_rows else 0, threshold, target, seed)
    plan = _plan(homes if measured else np.array([float(rows)]), cells, measured, threshold, identical, neighbours)
    if rows * width * 4 <= WHOLE_BYTES and plan.blocks.max() == 1:
        plan = replace(plan, first=np.zeros_like(plan.first), tasks=1)
    figures = _figures(rows, without, width, plan, measured)
    _LOG.info("cosine join: %s", figures)
    pairs = through(
        packed.select("n", "arrow_batch"),
        plan.tasks,
        lambda batches: split_by_task(unpacked(batches), plan),
        lambda task, batches: task_pairs(task, batches, plan),
        PAIRS,
    )
    return pairs.withMetadata("similarity", figures)


def _packed(vectors: DataFrame, seed: int) -> DataFrame:
    """(n, without, narrowest, width, arrow_batch, drawn): the packed vectors, computed once, and a random sample."""

    def packs(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            made, lengths = pack(batch, seed)
            narrowest, width = (lengths[0], lengths[-1]) if lengths else (None, None)
            row = {"n": len(made), "without": batch.num_rows - len(made), "narrowest": narrowest, "width": width}
            drawn = draw(made, DRAWN, seed)
            row |= {"arrow_batch": made.arrow_batch(), "drawn": drawn.arrow_batch() if len(drawn) else None}
            yield pa.RecordBatch.from_pylist([row], _PACKED)

    given = vectors.select(F.col("id").cast("string").alias("id"), F.col("vector").cast("array<float>").alias("vector"))
    packed = "n long, without long, narrowest long, width long, arrow_batch binary, drawn binary"
    return given.mapInArrow(packs, packed).localCheckpoint()


def _cells(
    packed: DataFrame, rows: int, threshold: float, target: float, seed: int
) -> tuple[Cells, npt.NDArray[np.float64], Measured | None]:
    """Cells, about how many vectors are at home in each, and how many copies reach the target; or one cell, exactly."""
    wanted = min(rows // CELL_ROWS, MOST_CELLS)
    if wanted < 2:
        return ONE_CELL, np.zeros(1), None
    drawn = sample(packed, rows, SAMPLE_EACH * wanted, seed)
    probes = drawn.probes(threshold)
    while wanted >= 2:
        cells = make_cells(drawn.rows, wanted, seed)
        measured = measure(packed, cells, probes, threshold, target)
        if measured:
            homes = np.bincount(cells.nearest(drawn.rows, 1)[:, 0], minlength=cells.count)
            return cells, np.asarray(homes * (rows / max(len(drawn.rows), 1)), np.float64), measured
        wanted //= 4
    return ONE_CELL, np.zeros(1), None


def _plan(
    homes: npt.NDArray[np.float64],
    cells: Cells,
    measured: Measured | None,
    threshold: float,
    identical: int,
    neighbours: int | None,
) -> Plan:
    """Cells one after the other fill a task; a cell larger than a block has tasks of its own."""
    blocks = np.maximum(np.ceil(homes / BLOCK).astype(np.int64), 1)
    first, tasks, held = np.zeros(len(homes), np.int64), 0, float("inf")
    for cell, (n, parts) in enumerate(zip(homes, blocks, strict=True)):
        if parts > 1 or held + n > TASK_ROWS:
            tasks, held = tasks + int(parts * (parts + 1) // 2), 0.0
            first[cell] = tasks - int(parts * (parts + 1) // 2)
        else:
            first[cell] = tasks - 1
        held = float("inf") if parts > 1 else held + n
    return Plan(threshold, cells, measured.copies if measured else 0, blocks, first, tasks, identical, neighbours)


def _figures(rows: int, without: int, width: int, plan: Plan, measured: Measured | None) -> dict[str, Any]:
    held = rows if plan.tasks == 1 else max(min(rows, TASK_ROWS * (plan.copies + 1)), min(rows, 2 * BLOCK))
    figures: dict[str, Any] = {
        "rows": rows,
        "without_direction": without,
        "way": "cells" if measured else "exact",
        "cells": plan.cells.count,
        "copies": plan.copies,
        "tasks": plan.tasks,
        "task_bytes": 2 * held * (4 * width + 4 * plan.copies + 60) + _PRODUCT_BYTES,
    }
    return figures | (measured.figures() if measured else {"recall": 1.0, "recall_at_least": 1.0})


def sampled(vectors: DataFrame, most: int) -> Floats:
    """At most `most` of (id string, vector array<float>), shape (n, d): those of least hash in any partitioning."""
    rows = vectors.where("vector is not null").orderBy(F.xxhash64("id"), "id").limit(most).select("vector").toArrow()
    flat = rows["vector"].combine_chunks().flatten().to_numpy()
    return flat.reshape(len(rows), -1) if len(rows) else np.zeros((0, 0), np.float32)


def background(vectors: Floats) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    """Ascending cosines of all pairs of a sample of unit vectors, shape (n (n - 1) / 2,)."""
    upper = np.triu_indices(len(vectors), 1)
    return np.sort((vectors @ vectors.T)[upper])
