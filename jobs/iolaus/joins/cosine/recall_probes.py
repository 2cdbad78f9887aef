"""How many cells a vector must visit so that nearly every pair is found: measured, on rows compared with everything.

Where a vector goes does not depend on what is asked of it, so for a pair that is there one can say, without joining,
from how many copies on the join finds it: the place of the one's home in the other's list of nearest cells, of the two
ways round the lesser. The probes are drawn at random, and are not among the vectors that the pivots are made of.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.engine.exchange import Batches, read
from iolaus.joins.cosine.cells import Cell, Cells, Floats, Ints
from iolaus.joins.cosine.vectors import Vectors, mixed, received, unpacked
from iolaus.joins.recall import recall, recall_at_least

SAMPLE_EACH = 16  # sampled vectors for a pivot: 262,144 rows at most, 134 MB on the driver at d = 128
FEWEST_PROBES, MOST_PROBES = 512, 4_096  # rows that are compared with everything
# share of vectors that are drawn while they are packed, so that a sample of fewer needs no pass of its own
DRAWN = 1 / 8
_PAIRS = 8_000  # that they should find
_MOST_COPIES = 31  # cells beside its home that a vector may visit
_COPIES_BLIND = 8  # where no probe has any pair
_STRIP = 4_096  # vectors compared with all probes at once: 67 MB of products at most


@dataclass(frozen=True)
class Probes:
    """Rows that are compared with everything, and the hashes by which they know themselves."""

    rows: Floats
    keys: Ints


@dataclass(frozen=True)
class Sample:
    """Distinct vectors, at random; `share` of all. The probes are others. All are in an order as good as random."""

    rows: Floats
    spare: Probes
    share: float

    def probes(self, threshold: float) -> Probes:
        """The number of probes that should find _PAIRS pairs, judged by what the first of them find in the sample."""
        first = self.spare.rows[:FEWEST_PROBES]
        found = sum(
            int(((part @ first.T) >= threshold).sum())
            for part in np.array_split(self.rows, len(self.rows) // _STRIP + 1)
        )
        each = found / max(len(first), 1) / self.share
        wanted = int(np.clip(_PAIRS / each if each else MOST_PROBES, FEWEST_PROBES, MOST_PROBES))
        return Probes(self.spare.rows[:wanted], self.spare.keys[:wanted])


@dataclass(frozen=True)
class Measured:
    """counts[p, c]: pairs of probe p that are found from c copies on; in the last column, those never found."""

    counts: Ints
    copies: int = 0

    def _at(self, copies: int) -> tuple[Ints, Ints]:
        return self.counts[:, : copies + 1].sum(axis=1), self.counts.sum(axis=1)

    def reaching(self, target: float) -> "Measured | None":
        """With the fewest copies whose recall is surely the target; None if none are enough."""
        most = self.counts.shape[1] - 2
        if not self.counts.sum():
            return replace(self, copies=min(_COPIES_BLIND, most))
        enough = (
            c for c in range(most + 1) if recall(*self._at(c)) >= target and recall_at_least(*self._at(c)) >= target
        )
        return next((replace(self, copies=c) for c in enough), None)

    def figures(self) -> dict[str, Any]:
        """Recall is null where no probe has a pair."""
        share = recall(*self._at(self.copies))
        return {
            "recall": None if math.isnan(share) else share,
            "recall_at_least": None if math.isnan(share) else recall_at_least(*self._at(self.copies)),
            "probes": len(self.counts),
            "probed_pairs": int(self.counts.sum()),
        }


def sample(packed: DataFrame, rows: int, wanted: int, seed: int) -> Sample:
    """About `wanted` distinct vectors of packed ones, and MOST_PROBES more, or as many: those of least mixed key.

    packed: (n long, arrow_batch binary, drawn binary), where `drawn` has what `draw` finds in the Arrow batch at the
    share DRAWN, null for nothing.
    """
    share = min(1.0, (wanted + MOST_PROBES) / rows)
    source = packed.select("n", F.col("drawn" if share <= DRAWN else "arrow_batch").alias("arrow_batch")).where(
        "arrow_batch is not null"
    )

    def draws(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for part in unpacked(batches):
            drawn = draw(part, share, seed)
            if len(drawn):
                yield pa.RecordBatch.from_arrays([pa.array([drawn.arrow_batch()], pa.binary())], names=["arrow_batch"])

    table = source.mapInArrow(draws, "arrow_batch binary").toArrow()
    if not len(table):
        return Sample(np.zeros((0, 1), np.float32), Probes(np.zeros((0, 1), np.float32), np.zeros(0, np.int64)), share)
    drawn = received(list(read(table.to_batches())))
    _, first = np.unique(drawn.keys, return_index=True)
    first = first[np.argsort(_order(drawn.keys[first], seed))]
    probes, others = np.split(first, [min(MOST_PROBES, len(first) // 2)])
    return Sample(drawn.rows[others], Probes(drawn.rows[probes], drawn.keys[probes]), share * len(others) / len(first))


def draw(vectors: Vectors, share: float, seed: int) -> Vectors:
    """About this many of the distinct ones, by their keys. What is drawn at one share is drawn at each larger one."""
    most = np.uint64(min(int(share * 2.0**64), 2**64 - 1))
    least = np.flatnonzero(_order(vectors.keys, seed) <= most)
    _, first = np.unique(vectors.keys[least], return_index=True)
    return vectors.take(least[first])


def _order(keys: Ints, seed: int) -> npt.NDArray[np.uint64]:
    return mixed(keys.view(np.uint64) + np.uint64(seed + 1)).view(np.uint64)


def measure(packed: DataFrame, cells: Cells, probes: Probes, threshold: float, target: float) -> Measured | None:
    """The fewest copies that reach the target, after comparing the probes with every vector; None if none do."""
    visits = cells.nearest(probes.rows, _MOST_COPIES + 1)
    wide = visits.shape[1] + 1

    def compare(batches: Iterable[pa.RecordBatch]) -> Iterator[Ints]:
        for part in unpacked(batches):
            counts = np.zeros(len(visits) * wide, np.int64)
            for start in range(0, len(part), _STRIP):
                rows, keys = part.rows[start : start + _STRIP], part.keys[start : start + _STRIP]
                probe, other = np.nonzero(probes.rows @ rows.T >= threshold)
                apart = probes.keys[probe] != keys[other]  # the same vector is always found
                probe, other = probe[apart], other[apart]
                seen, at = np.unique(other, return_inverse=True)
                needed = _needed(visits[probe], cells.nearest(rows[seen], visits.shape[1])[at])
                counts += np.bincount(probe * wide + needed, minlength=len(counts))
            yield counts

    counts = _summed(packed, compare, len(visits) * wide)
    return Measured(counts.reshape(-1, wide)).reaching(target)


def _needed(one: Cell, other: Cell) -> Ints:
    """From how many copies on each pair is found, of (n, v) visits of the one and of the other; v if never."""

    def place(guest: Cell, host: Cell) -> Ints:
        there = guest == host[:, :1]
        first: Ints = np.where(there.any(axis=1), there.argmax(axis=1), guest.shape[1])
        return first

    return np.minimum(place(one, other), place(other, one))


def _summed(packed: DataFrame, count: Callable[[Batches], Iterator[Ints]], size: int) -> Ints:
    """The sum over all rows of each array that `count` returns, shape (size,). Only what is not 0 is moved."""

    def counts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        found = np.zeros(size, np.int64)
        for some in count(batches):
            found += some
        place = np.flatnonzero(found)
        yield pa.RecordBatch.from_arrays([pa.array(place), pa.array(found[place])], names=["place", "n"])

    table = (
        packed.select("n", "arrow_batch")
        .mapInArrow(counts, "place long, n long")
        .groupBy("place")
        .agg(F.sum("n").alias("n"))
        .toArrow()
    )
    total = np.zeros(size, np.int64)
    total[table["place"].to_numpy()] = table["n"].to_numpy()
    return total
