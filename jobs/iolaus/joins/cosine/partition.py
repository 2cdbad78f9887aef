"""How the cosine join deals vectors to tasks: each to the task of its home cell and of the cells it is copied to.

A cell that is too large for one task is split into blocks, and each pair of blocks is a task: nothing is lost, and no
task holds more than two blocks and the copies. The exact join is one cell, split so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from iolaus.engine.exchange import arrow_batch, arrow_batches, pair_of
from iolaus.engine.runs import run_starts
from iolaus.joins.cosine.cells import Cell, Cells, Ints
from iolaus.joins.cosine.vectors import Vectors, joined, same

_AT_ONCE = 32_768  # vectors partitioned at once: 17 MB at d = 128, and as much again for each copy
_BYTES = 32 << 20  # of Arrow batches handed to Spark at once


@dataclass(frozen=True)
class Plan:
    """What every task knows.

    copies: cells beside its home that a vector visits. blocks[c]: blocks that cell c is split into. first[c]: the
    first task of cell c, which has blocks * (blocks + 1) / 2 tasks if it is split; small cells share one. tasks: how
    many there are. identical: of more vectors that are the same, the one of least id stands for all. neighbours:
    pairs kept of a vector in a task; None for all.
    """

    threshold: float
    cells: Cells
    copies: int
    blocks: Ints
    first: Ints
    tasks: int
    identical: int
    neighbours: int | None

    def block(self, keys: Ints, cell: Cell | Ints) -> Ints:
        """The block of each vector in a cell: the same for vectors that are the same."""
        return (keys.view(np.uint64) % self.blocks[cell].astype(np.uint64)).astype(np.int64)

    def home(self, vectors: Vectors) -> Ints:
        """The task of each vector's own block with itself, where its like are all gathered."""
        cell = vectors.visits[:, 0]
        block = self.block(vectors.keys, cell)
        return self.first[cell] + pair_of(block, block)


def split_by_task(parts: Iterable[Vectors], plan: Plan) -> Iterator[pa.RecordBatch]:
    """Arrow batches (`exchange.PARTITIONED`): one to each task that some of the vectors visit or live at."""
    waiting, n = list[Vectors](), 0
    for part in parts:
        waiting.append(part)
        n += len(part)
        if n >= _AT_ONCE:
            yield from _split_by_task(joined(waiting), plan)
            waiting, n = [], 0
    if n:
        yield from _split_by_task(joined(waiting), plan)


def _split_by_task(vectors: Vectors, plan: Plan) -> Iterator[pa.RecordBatch]:
    vectors, rest = _thinned(vectors, plan.identical)
    vectors = Vectors(vectors.ids, vectors.keys, vectors.rows, plan.cells.nearest(vectors.rows, plan.copies + 1))
    row, task = _destinations(vectors, plan)
    left_out = _rest_messages(vectors, rest, plan)
    starts = run_starts(task)
    ends = np.append(starts[1:], len(task))
    sent, tasks, size = list[bytes](), list[int](), 0
    for start, end in zip(starts, ends, strict=True):
        sent.append(vectors.take(row[start:end]).arrow_batch())
        tasks.append(int(task[start]))
        size += len(sent[-1])
        if size >= _BYTES:
            yield arrow_batches(tasks, sent)
            sent, tasks, size = [], [], 0
    yield arrow_batches([*tasks, *left_out], [*sent, *left_out.values()])


class _Rest(NamedTuple):
    """Vectors that stay at home: those like the vector at position `like` of the ones that are partitioned."""

    like: int
    ids: pa.Array


def _thinned(vectors: Vectors, most: int) -> tuple[Vectors, list[_Rest]]:
    """The vectors with at most `most` + 1 of each group of identical ones, those of least ids; the rest are named only.

    That many suffice for the receiving task to see that there are more than `most`.
    """
    groups = list(same(vectors, most + 1))
    if not groups:
        return vectors, []
    kept = np.setdiff1d(np.arange(len(vectors)), np.concatenate([g[most + 1 :] for g in groups]))
    rest = [_Rest(int(np.searchsorted(kept, g[0])), vectors.ids.take(pa.array(g[most + 1 :]))) for g in groups]
    return vectors.take(kept), rest


def _rest_messages(vectors: Vectors, rest: list[_Rest], plan: Plan) -> dict[int, bytes]:
    """Of each task, an Arrow batch (id, like) of the vectors that are like a vector at home there."""
    home, found = plan.home(vectors), dict[int, list[pa.RecordBatch]]()
    for like, ids in rest:
        batch = pa.RecordBatch.from_arrays(
            [ids, pa.array([vectors.ids[like].as_py()] * len(ids), pa.string())], names=["id", "like"]
        )
        found.setdefault(int(home[like]), []).append(batch)
    return {
        task: arrow_batch(pa.Table.from_batches(batches).combine_chunks().to_batches()[0])
        for task, batches in found.items()
    }


def _destinations(vectors: Vectors, plan: Plan) -> tuple[Ints, Ints]:
    """(row, task) by task and row, each pair once: every task in which a vector is at home or a copy."""
    n, wide = vectors.visits.shape
    cell, row = vectors.visits.ravel(), np.repeat(np.arange(n), wide)
    home = vectors.visits[row, 0]
    at_home = np.tile(np.arange(wide) == 0, n)
    whole = plan.blocks[cell] == 1
    rows, tasks = [row[whole]], [plan.first[cell[whole]]]
    cell, row, at_home, copied = cell[~whole], row[~whole], at_home[~whole], (cell != home)[~whole]
    block = plan.block(vectors.keys, vectors.visits[:, 0])[row]
    for other in range(int(plan.blocks[cell].max()) if len(cell) else 0):
        number = np.full(len(cell), other)
        pair = np.where(at_home, pair_of(block, number), pair_of(number, number))
        here = (other < plan.blocks[cell]) & (at_home | copied)
        rows.append(row[here])
        tasks.append((plan.first[cell] + pair)[here])
    places = np.unique(np.concatenate(tasks) * n + np.concatenate(rows))
    return places % n, places // n
