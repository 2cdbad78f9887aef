"""What one task of the Jaccard join does: sets are dealt by their keys, those of one key are paired and compared."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from iolaus.engine.runs import begins
from iolaus.joins.cosine.products import PAIR, stars
from iolaus.joins.cosine.vectors import mixed
from iolaus.joins.jaccard.keys import ROUNDING, Keys
from iolaus.joins.jaccard.sets import Ints, Ragged, Sets, Weights, read_sets, same_sets

_PAIRED = 1 << 20  # candidate pairs held at once: 40 MB
_COMPARED = 1 << 21  # tokens looked up at once: 80 MB
_WORDS = 4  # of 64 bits in a set's bitmap

Found = tuple[Ints, Ints, Weights]


@dataclass(frozen=True)
class SetPlan:
    """What every task knows. identical: of more sets that are the same, the one of least id stands for all."""

    threshold: float
    keys: Keys
    tasks: int
    identical: int

    def task(self, keys: Ints) -> Ints:
        """The task of each key."""
        return (keys.view(np.uint64) % np.uint64(self.tasks)).astype(np.int64)

    def home(self, sets: Sets) -> Ints:
        """The task of each set's least key, where its like are all gathered."""
        return self.task(np.minimum.reduceat(sets.keys.values, sets.keys.starts[:-1]))


def keyed(sets: Sets, keys: Keys) -> Sets:
    """The sets with their keys."""
    return Sets(sets.ids, sets.marks, sets.tokens, sets.weights, keys.keys(sets))


def deal_sets(parts: Iterable[Sets], plan: SetPlan) -> Iterator[pa.RecordBatch]:
    """`packed.DEALT` rows, one for each task that some of the sets of a part have a key in."""
    for part in parts:
        groups = list(same_sets(part, plan.identical + 1))
        spare = [g[plan.identical + 1 :] for g in groups]
        kept = np.setdiff1d(np.arange(len(part)), np.concatenate(spare)) if groups else np.arange(len(part))
        sets = keyed(part.take(kept) if groups else part, plan.keys)
        rests = dict[int, list[pa.RecordBatch]]()
        for group, others in zip(groups, spare, strict=True):
            place = int(np.searchsorted(kept, group[0]))
            ids = [part.ids.take(pa.array(others)), pa.repeat(part.ids[int(group[0])], len(others))]
            task = int(plan.home(sets.take(np.array([place])))[0])
            rests.setdefault(task, []).append(pa.RecordBatch.from_arrays(ids, names=["id", "like"]))
        yield from _messages(sets, rests, plan)


def _messages(sets: Sets, rests: dict[int, list[pa.RecordBatch]], plan: SetPlan) -> Iterator[pa.RecordBatch]:
    places = np.unique(plan.task(sets.keys.values) * len(sets) + np.repeat(np.arange(len(sets)), sets.keys.sizes))
    task, row = np.divmod(places, max(len(sets), 1))
    starts = begins(task)
    for start, end in zip(starts, np.append(starts[1:], len(task)), strict=True):
        number, rest = int(task[start]), None
        if number in rests:
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, rests[number][0].schema) as stream:
                stream.write_table(pa.Table.from_batches(rests[number]))
            rest = sink.getvalue().to_pybytes()
        columns = [pa.array([number], pa.int32()), pa.array([sets.take(row[start:end]).message()]), pa.array([rest], pa.binary())]
        yield pa.RecordBatch.from_arrays(columns, names=["task", "message", "rest"])


def task_set_pairs(table: pa.Table, plan: SetPlan) -> Iterator[pa.RecordBatch]:
    """PAIR rows of the messages of one task: (task, message, rest)."""
    task = table["task"][0].as_py()
    sets = read_sets(m.as_buffer() for m in table["message"])
    sets = sets.take(pc.sort_indices(sets.ids).to_numpy().astype(np.int64))
    groups = list(same_sets(sets, plan.identical))
    if groups:
        rest = [batch for m in table["rest"] if m.is_valid for batch in pa.ipc.open_stream(m.as_buffer())]
        home = plan.home(sets)
        yield from stars(sets.ids, [g for g in groups if home[g[0]] == task], rest)
        sets = sets.take(np.setdiff1d(np.arange(len(sets)), np.concatenate([g[1:] for g in groups])))
    lookup = _Lookup(sets.tokens, sets.weights)
    keys = _Lookup(sets.keys, None)
    for i, j, key in _candidates(sets, task, plan):
        similarity = lookup.jaccard(i, j)
        near = np.flatnonzero(similarity >= plan.threshold * (1 - ROUNDING))
        once = near[keys.least_common(i[near], j[near]) == key[near]]  # of the keys that they share, the least finds them
        a, b, similarity = np.minimum(i, j)[once], np.maximum(i, j)[once], similarity[once]
        columns = [sets.ids.take(pa.array(a)), sets.ids.take(pa.array(b)), pa.array(np.minimum(similarity, 1).astype(np.float32))]
        yield pa.RecordBatch.from_arrays(columns, schema=PAIR)


def _candidates(sets: Sets, task: int, plan: SetPlan) -> Iterator[tuple[Ints, Ints, Ints]]:
    """(i, j, key): sets that share a key of this task, and whose sizes and bitmaps allow the similarity."""
    totals = sets.totals()
    row, key = np.repeat(np.arange(len(sets)), sets.keys.sizes), sets.keys.values
    mine = plan.task(key) == task
    row, key = row[mine], key[mine]
    order = np.lexsort((totals[row], key))
    row, key = row[order], key[order]
    run = np.cumsum(np.concatenate([[0], key[1:] != key[:-1]])) if len(key) else key
    sizes, place = np.unique(totals, return_inverse=True)
    most = np.searchsorted(sizes, totals / plan.threshold * (1 + ROUNDING), side="right")  # a larger set shares too little
    ends = np.searchsorted(run * (len(sizes) + 1) + place[row], run * (len(sizes) + 1) + most[row], side="left")
    partners = ends - np.arange(len(row)) - 1
    bitmaps = _bitmaps(sets) if sets.plain() else None
    for start, end in _spans(partners, _PAIRED):
        for i, j in _expanded(partners, start, end):
            left, right, shared = row[i], row[j], key[i]
            if bitmaps is not None:
                apart = np.bitwise_count(bitmaps[left] ^ bitmaps[right]).sum(axis=1)
                both = totals[left] + totals[right]
                near = (both - apart) / 2 >= plan.threshold / (1 + plan.threshold) * both * (1 - ROUNDING)
                left, right, shared = left[near], right[near], shared[near]
            smaller = totals[left] <= totals[right]
            yield np.where(smaller, left, right), np.where(smaller, right, left), shared


def _spans(sizes: Ints, most: int) -> Iterator[tuple[int, int]]:
    """Consecutive parts of about `most` in sum, of one item at least."""
    if not len(sizes):
        return
    part = np.cumsum(sizes) // most
    starts = begins(part)
    yield from zip(starts.tolist(), [*starts[1:].tolist(), len(sizes)], strict=True)


def _expanded(partners: Ints, start: int, end: int) -> Iterator[tuple[Ints, Ints]]:
    """(i, j) of the items from start to end with each of the so many that follow them; one item's partners in parts."""
    counts = partners[start:end]
    if end - start == 1:
        for first in range(0, int(counts[0]), _PAIRED):
            j = np.arange(first, min(int(counts[0]), first + _PAIRED)) + start + 1
            yield np.full(len(j), start), j
        return
    i = np.repeat(np.arange(start, end), counts)
    j = np.arange(len(i)) - np.repeat(np.cumsum(counts) - counts, counts) + i + 1
    yield i, j


def _bitmaps(sets: Sets) -> npt.NDArray[np.uint64]:
    """(n, _WORDS): a bit for each token. Sets differ in as many tokens at least as their bitmaps in bits (Sandes et al., 2020)."""
    bit = mixed(sets.tokens.values.view(np.uint64)).view(np.uint64) % np.uint64(64 * _WORDS)
    flag = np.uint64(1) << (bit % np.uint64(64))
    words = [np.where(bit // np.uint64(64) == w, flag, np.uint64(0)) for w in range(_WORDS)]
    return np.stack([np.bitwise_or.reduceat(w, sets.tokens.starts[:-1]) for w in words], axis=1)


class _Lookup:
    """Rows of numbers in which a number of a row is found by bisection: a row's numbers once each."""

    def __init__(self, rows: Ragged, weights: Weights | None):
        distinct, codes = np.unique(rows.values, return_inverse=True)
        self._rows, self._weights, self._distinct, self._codes = rows, weights, distinct, codes.astype(np.int64)
        row = np.repeat(np.arange(len(rows)), rows.sizes)
        flat = row * len(distinct) + self._codes
        self._order = np.argsort(flat, kind="stable")
        self._sorted = flat[self._order]

    def _shared(self, i: Ints, j: Ints) -> Iterator[tuple[int, int, Ints, Ints, Ints, npt.NDArray[np.bool_]]]:
        """For consecutive pairs from start to end: where i's numbers begin, where they lie, where in j's, and whether there."""
        for start, end in _spans(self._rows.sizes[i], _COMPARED):
            starts, at = self._rows.places(i[start:end])
            wanted = np.repeat(j[start:end], np.diff(starts)) * len(self._distinct) + self._codes[at]
            place = np.minimum(np.searchsorted(self._sorted, wanted), len(self._sorted) - 1)
            yield start, end, starts[:-1], at, self._order[place], self._sorted[place] == wanted

    def jaccard(self, i: Ints, j: Ints) -> Weights:
        """The similarity of each pair: the sum of the lesser weights by that of the greater."""
        assert self._weights is not None
        shared = np.zeros(len(i))
        for start, end, starts, at, there, found in self._shared(i, j):
            shared[start:end] = np.add.reduceat(np.where(found, np.minimum(self._weights[at], self._weights[there]), 0.0), starts)
        totals = np.add.reduceat(self._weights, self._rows.starts[:-1]) if len(self._rows) else np.zeros(0)
        similarity: Weights = shared / (totals[i] + totals[j] - shared)
        return similarity

    def least_common(self, i: Ints, j: Ints) -> Ints:
        """The least number that each pair shares; it shares one."""
        least = np.zeros(len(i), np.int64)
        for start, end, starts, at, _, found in self._shared(i, j):
            least[start:end] = np.minimum.reduceat(np.where(found, self._rows.values[at], np.iinfo(np.int64).max), starts)
        return least
