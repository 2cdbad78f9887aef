"""Vectors on their way between tasks of the cosine join: normalised, keyed, and packed some thousand to an Arrow batch.

Spark then moves a few large values and not many small rows. An Arrow batch is an Arrow stream of (id string, key int64,
visits list<int32>, vector list<float>), where visits are the cells of the vector, home first.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from iolaus.engine.exchange import arrow_batch, read
from iolaus.engine.runs import run_lengths, run_starts
from iolaus.joins.cosine.cells import Cell, Floats, Ints


@dataclass(frozen=True)
class Vectors:
    """ids: (n,) strings. keys: (n,) hash of the vector. rows: (n, d) unit vectors. visits: (n, v) cells, home first."""

    ids: pa.Array
    keys: Ints
    rows: Floats
    visits: Cell

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, at: Ints) -> "Vectors":
        """Those at the positions given, in that order."""
        return Vectors(self.ids.take(pa.array(at)), self.keys[at], self.rows[at], self.visits[at])

    def arrow_batch(self) -> bytes:
        """As an Arrow batch between tasks."""
        columns = [self.ids, pa.array(self.keys), _lists(self.visits), _lists(self.rows)]
        return arrow_batch(pa.RecordBatch.from_arrays(columns, names=["id", "key", "visits", "vector"]))


def _lists(matrix: npt.NDArray[np.generic]) -> pa.FixedSizeListArray:
    return pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel()), matrix.shape[1])


def received(batches: list[pa.RecordBatch]) -> Vectors:
    """The vectors of one Arrow batch or more, as they are read."""

    def matrix(name: str) -> npt.NDArray[np.generic]:
        return np.concatenate([b[name].flatten().to_numpy().reshape(b.num_rows, -1) for b in batches])

    keys = np.concatenate([b["key"].to_numpy() for b in batches])
    return Vectors(pa.concat_arrays([b["id"] for b in batches]), keys, matrix("vector"), matrix("visits"))  # type: ignore[arg-type]


def joined(parts: list[Vectors]) -> Vectors:
    """All of them, in order."""
    rows, visits = np.concatenate([p.rows for p in parts]), np.concatenate([p.visits for p in parts])
    return Vectors(pa.concat_arrays([p.ids for p in parts]), np.concatenate([p.keys for p in parts]), rows, visits)


def pack(batch: pa.RecordBatch, salt: int) -> tuple[Vectors, list[int]]:
    """Of (id string, vector list<float>): those that have a direction, as unit vectors; and the lengths that were met.

    A vector that is null, zero or not finite has no direction; one without an id is nobody's. Of vectors of several
    lengths none is packed.
    """
    there = batch.filter(pc.and_(pc.is_valid(batch["id"]), pc.is_valid(batch["vector"])))
    lengths = sorted(pc.unique(pc.list_value_length(there["vector"])).to_pylist())
    there = there if len(lengths) == 1 and lengths[0] else there.slice(0, 0)
    d = lengths[0] if len(there) else 1
    values = pc.fill_null(there["vector"].flatten(), float("nan")).to_numpy(zero_copy_only=False).reshape(-1, d)
    squares = np.einsum("nd,nd->n", values, values, dtype=np.float64)  # of float32 these neither overflow nor vanish
    directed = np.flatnonzero(np.isfinite(squares) & (squares > 0))
    values, squares = (values, squares) if len(directed) == len(values) else (values[directed], squares[directed])
    rows = (values / np.sqrt(squares)[:, None]).astype(np.float32) + np.float32(0)  # no negative zero
    ids = there["id"].take(pa.array(directed))
    return Vectors(ids, _keys(rows, salt), rows, np.zeros((len(rows), 1), np.int32)), lengths


def _keys(rows: Floats, salt: int) -> Ints:
    """A 64-bit hash of each row's bits, multilinear and then mixed: the same for the same vectors on every machine."""
    wide = -(-rows.shape[1] // 2)
    factors = np.random.default_rng(salt).integers(1 << 63, size=(wide,), dtype=np.uint64)
    even = rows if rows.shape[1] % 2 == 0 else np.pad(rows, ((0, 0), (0, 1)))
    words = np.ascontiguousarray(even).view(np.uint64).reshape(len(rows), wide)
    return mixed(((words ^ (words >> np.uint64(32))) * factors).sum(axis=1, dtype=np.uint64))


def mixed(keys: npt.NDArray[np.uint64]) -> Ints:
    """Numbers as good as random, one to one (the finaliser of splitmix64; Steele, Lea and Flood, 2014)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (keys ^ (keys >> np.uint64(31))).view(np.int64)


def same(vectors: Vectors, most: int) -> Iterator[Ints]:
    """Positions, by id, of each group of more than `most` vectors that are the same."""
    order = vectors.keys.argsort(kind="stable")
    keys = vectors.keys[order]
    starts = run_starts(keys)
    sizes = run_lengths(starts, len(keys))
    for start, size in zip(starts[sizes > most], sizes[sizes > most], strict=True):
        group = order[start : start + size]
        while len(group) > most:  # keys may meet: of those, each vector is a group of its own
            alike = (vectors.rows[group] == vectors.rows[group[0]]).all(axis=1)
            if alike.sum() > most:
                found = group[alike]
                yield found[pc.sort_indices(vectors.ids.take(pa.array(found))).to_numpy()]
            group = group[~alike]


def unpacked(batches: Iterable[pa.RecordBatch]) -> Iterator[Vectors]:
    """The vectors of rows (n, arrow_batch) that hold any."""
    for batch in batches:
        for row in range(batch.num_rows):
            if batch["n"][row].as_py():
                yield received(list(read([batch.slice(row, 1)])))
