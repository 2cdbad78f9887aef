"""Sets on their way between tasks of the Jaccard join: tokens as numbers, weighed, keyed, packed some thousand to a message.

A set is a row of a sparse matrix: tokens[starts[i]:starts[i + 1]] ascending, with their weights. Its keys are what a
similar set must share one of: see `jaccard_keys`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from iolaus.engine.runs import begins, run_lengths
from iolaus.joins.cosine.vectors import mixed

Ints = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ragged:
    """Rows of numbers of different lengths. starts: (n + 1,) where each row begins in `values`, and where the last ends."""

    starts: Ints
    values: Ints

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def sizes(self) -> Ints:
        """(n,) numbers in each row."""
        return np.diff(self.starts)

    def places(self, rows: Ints) -> tuple[Ints, Ints]:
        """The starts (n + 1,) of the rows given when laid end to end, and where each of their numbers lies in `values`."""
        sizes = self.sizes[rows]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        return starts, np.arange(starts[-1]) + np.repeat(self.starts[:-1][rows] - starts[:-1], sizes)

    def take(self, rows: Ints) -> "Ragged":
        """The rows given, in that order."""
        starts, at = self.places(rows)
        return Ragged(starts, self.values[at])

    def arrow(self) -> pa.ListArray:
        """As a column."""
        return pa.ListArray.from_arrays(pa.array(self.starts.astype(np.int32)), pa.array(self.values))


def ragged(arrays: list[pa.ListArray]) -> Ragged:
    """Columns of numbers laid end to end."""
    sizes = np.concatenate([pc.list_value_length(a).to_numpy() for a in arrays]).astype(np.int64)
    return Ragged(np.concatenate([[0], np.cumsum(sizes)]), np.concatenate([a.flatten().to_numpy() for a in arrays]))


@dataclass(frozen=True)
class Sets:
    """ids: (n,) strings. marks: (n, 2) hashes that only the same sets share. weights: of each token, in the same order."""

    ids: pa.Array
    marks: Ints
    tokens: Ragged
    weights: Weights
    keys: Ragged

    def __len__(self) -> int:
        return len(self.ids)

    def totals(self) -> Weights:
        """(n,) sums of the weights: of a plain set, how many tokens it has."""
        return np.add.reduceat(self.weights, self.tokens.starts[:-1]) if len(self) else np.zeros(0)

    def plain(self) -> bool:
        """Whether every token counts once."""
        return bool((self.weights == 1).all())

    def take(self, rows: Ints) -> "Sets":
        """Those at the positions given, in that order."""
        starts, at = self.tokens.places(rows)
        tokens = Ragged(starts, self.tokens.values[at])
        return Sets(self.ids.take(pa.array(rows)), self.marks[rows], tokens, self.weights[at], self.keys.take(rows))

    def message(self) -> bytes:
        """As an Arrow stream."""
        columns = [self.ids, pa.array(self.marks[:, 0]), pa.array(self.marks[:, 1]), self.tokens.arrow(), self.keys.arrow()]
        if self.plain():
            batch = pa.RecordBatch.from_arrays(columns, names=["id", "mark", "mark2", "tokens", "keys"])
        else:
            weights = pa.ListArray.from_arrays(pa.array(self.tokens.starts.astype(np.int32)), pa.array(self.weights))
            batch = pa.RecordBatch.from_arrays([*columns, weights], names=["id", "mark", "mark2", "tokens", "keys", "weights"])
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as stream:
            stream.write_batch(batch)
        message: bytes = sink.getvalue().to_pybytes()
        return message


def read_sets(messages: Iterable[pa.Buffer]) -> Sets:
    """The sets of one message or more."""
    batches = [batch for message in messages for batch in pa.ipc.open_stream(message)]
    marks = np.stack([np.concatenate([b[name].to_numpy() for b in batches]) for name in ("mark", "mark2")], axis=1)
    weights = [b["weights"].flatten().to_numpy() if "weights" in b.schema.names else np.ones(len(b["tokens"].flatten())) for b in batches]
    ids = pa.concat_arrays([b["id"] for b in batches])
    return Sets(ids, marks, ragged([b["tokens"] for b in batches]), np.concatenate(weights), ragged([b["keys"] for b in batches]))


def unpacked_sets(batches: Iterable[pa.RecordBatch]) -> Iterator[Sets]:
    """The sets of rows (n, message) that hold any."""
    for batch in batches:
        for n, message in zip(batch["n"].to_pylist(), batch["message"], strict=True):
            if n:
                yield read_sets([message.as_buffer()])


def pack_sets(batch: pa.RecordBatch, salt: int) -> Sets:
    """Of (id string, tokens list<int64>, weights list<double> or null): those that have tokens, without keys yet.

    A token that is there twice weighs both together; where weights are null, or there are none, a token counts once,
    however often it is there. A set that is null, empty or of no weight, or in which a weight is negative or not
    finite, is left out; so is one whose weights are not as many as its tokens.
    """
    there = batch.filter(pc.and_(pc.is_valid(batch["id"]), pc.is_valid(batch["tokens"])))
    plain = pc.is_null(there["weights"]).to_numpy(zero_copy_only=False)
    sizes = pc.list_value_length(there["tokens"]).to_numpy().astype(np.int64)
    weighed = pc.fill_null(pc.list_value_length(there["weights"]), 0).to_numpy().astype(np.int64)
    fits = plain | (sizes == weighed)
    if not fits.all():
        flag = pa.array(fits)
        there, plain, sizes = there.filter(flag), plain[fits], sizes[fits]
    row = np.repeat(np.arange(len(there)), sizes)
    flat = there["tokens"].flatten()
    known = pc.is_valid(flat).to_numpy(zero_copy_only=False)
    token = pc.fill_null(flat, 0).to_numpy().astype(np.int64)
    weight = np.ones(len(row))
    weight[~plain[row]] = pc.fill_null(there["weights"].flatten(), float("nan")).to_numpy(zero_copy_only=False)
    order = np.lexsort((token, row))
    order = order[known[order]]
    row, token, weight = row[order], token[order], weight[order]
    broken = np.zeros(len(there), np.bool_)
    broken[row[~np.isfinite(weight) | (weight < 0)]] = True
    first = begins(row, token)
    summed = np.add.reduceat(weight, first) if len(first) else weight
    row, token = row[first], token[first]
    summed = np.where(plain[row], 1.0, summed)
    kept = (summed > 0) & ~broken[row]
    row, token, summed = row[kept], token[kept], summed[kept]
    held, sizes = np.unique(row, return_counts=True)
    tokens = Ragged(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), token)
    nothing = Ragged(np.zeros(len(held) + 1, np.int64), np.zeros(0, np.int64))
    return Sets(there["id"].take(pa.array(held)), _marks(tokens, summed, salt), tokens, summed, nothing)


def _marks(tokens: Ragged, weights: Weights, salt: int) -> Ints:
    """Two 64-bit sums of hashes over each set's tokens and weights."""
    if not len(tokens):
        return np.zeros((0, 2), np.int64)
    each = tokens.values.view(np.uint64) ^ mixed(weights.view(np.uint64)).view(np.uint64)
    hashed = [mixed(each + mixed(np.array([2 * salt + k], np.uint64)).view(np.uint64)).view(np.uint64) for k in (1, 2)]
    return np.stack([np.add.reduceat(h, tokens.starts[:-1]).view(np.int64) for h in hashed], axis=1)


def same_sets(sets: Sets, most: int) -> Iterator[Ints]:
    """Positions, by id, of each group of more than `most` sets that are the same."""
    order = np.lexsort((sets.marks[:, 1], sets.marks[:, 0]))
    marks = sets.marks[order]
    starts = begins(*marks.T)
    sizes = run_lengths(starts, len(marks))
    for start, size in zip(starts[sizes > most], sizes[sizes > most], strict=True):
        group = order[start : start + size]
        yield group[pc.sort_indices(sets.ids.take(pa.array(group))).to_numpy()]
